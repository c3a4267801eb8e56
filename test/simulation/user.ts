import type { Outside } from "./outside.ts";

/** What the user does beside the runs. */
export function scheduleUser(world: Outside): void {
  const { random, habits, timeline } = world;
  const at = (isWanted: boolean, most: number, act: () => void): void => {
    if (!isWanted) return;
    for (let times = random.between(1, most); times > 0; times--)
      timeline.in(random.between(0, 120_000), act);
  };
  at(habits.user, 3, () => commit(world));
  at(habits.rewind, 1, () => rewind(world));
  at(habits.dirty, 2, () => {
    const path = random.pick(["user/notes", "a0/0", "a1/1", "shared.txt"]);
    world.checkout.dirty.set(path, `the user's ${world.fresh()}`);
    world.count("user.dirty");
  });
  at(habits.jump, 2, () => {
    world.skewMs += random.between(-3_600_000, 3_600_000);
    world.count("fault.clock");
  });
  at(habits.interrupt, 1, () => {
    world.count("user.interrupt");
    world.note("interrupt");
    world.dispatchers.get("rk2a")?.interrupt();
  });
  at(habits.takeover, 1, () => {
    const driver = world.drivers.find((each) => each.alive && each.run === "rk2a");
    if (driver === undefined || !world.faultsLast) return;
    world.count("fault.takeover");
    world.note(`${driver.pid} is suspended`);
    driver.asleepUntil = timeline.now + random.between(1_000, 90_000);
    timeline.in(random.between(10, 2_000), () => world.launch("rk2a", true));
  });
}

function move(world: Outside, to: string): void {
  const { store, checkout } = world;
  store.keep(to);
  store.moves.push({ from: store.ref("refs/heads/main"), to, by: "user" });
  store.set("refs/heads/main", to);
  store.flush("refs/heads/main");
  checkout.files = new Map(store.filesOf(to));
  world.note("the user moves the target");
}

function commit(world: Outside): void {
  const { store, random, timeline } = world;
  // Git's own lock on the index keeps the user out meanwhile.
  if (world.checkout.landing !== null) {
    timeline.in(500, () => commit(world));
    return;
  }
  const tip = store.ref("refs/heads/main") as string;
  const files = new Map(store.filesOf(tip));
  const lines = files.get("shared.txt")?.split("\n") ?? [];
  if (random.chance(0.3)) lines[random.between(0, lines.length - 1)] = `user ${world.fresh()}`;
  files.set("shared.txt", lines.join("\n"));
  files.set(`user/${world.fresh()}`, "the user's");
  world.count("user.commit");
  move(world, store.commit(store.tree(files), tip, "the user's"));
}

function rewind(world: Outside): void {
  const { store, timeline } = world;
  if (world.checkout.landing !== null) {
    timeline.in(500, () => rewind(world));
    return;
  }
  const { parent } = store.get(store.ref("refs/heads/main") as string);
  if (parent === null) return;
  world.hasRewound = true;
  world.count("user.rewind");
  move(world, parent);
}
