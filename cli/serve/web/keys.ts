/** What keys do: shown by `?`, in this order. */
export const keys: readonly (readonly [keys: string, what: string])[] = [
  ["g i", "what needs you"],
  ["g r", "runs"],
  ["g s", "schedules"],
  ["g a", "agents"],
  ["g n", "new request"],
  ["j, k", "next, previous"],
  ["Enter", "open it"],
  ["l", "the log of its task, or of the task of this page"],
  ["r", "try anew what failed in what is selected"],
  ["a, d", "allow, deny what is selected, this once"],
  ["?", "these keys"],
];

const places: Readonly<Record<string, string>> = {
  ...{ i: "/", r: "/runs", s: "/schedules" },
  ...{ a: "/agents", n: "/new" },
};

let isGoing = false;

/** Obeys keys wherever nothing is being written. */
export function listenToKeys(): void {
  document.addEventListener("keydown", (event) => {
    const { target, key } = event;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (target instanceof HTMLElement && target.matches("input, textarea, select")) return;
    // What is asked there is answered there; nothing behind it is obeyed.
    if (document.querySelector("dialog[open]") !== null) return;
    const wasGoing = isGoing;
    isGoing = key === "g";
    if (wasGoing) {
      // A place that there is not: what the key does by itself was not meant.
      const place = places[key];
      if (place === undefined) return;
      document.querySelector<HTMLElement>(`header a[href="${place}"]`)?.click();
    } else if (key === "j" || key === "k") move(key === "j" ? 1 : -1);
    else if (key === "a" || key === "d") press(key);
    else if (key === "r") retry();
    else if (key === "l") openLog();
    else if (key === "Enter" && target instanceof HTMLElement && target.matches("article"))
      target.querySelector("a")?.click();
    else if (key === "?") document.querySelector<HTMLDialogElement>("dialog.keys")?.showModal();
    else return;
    event.preventDefault();
  });
}

/** Selects the next of what can be selected. */
function move(by: 1 | -1): void {
  const all = [...document.querySelectorAll<HTMLElement>("[data-item]")];
  const at = all.findIndex((item) => item.contains(document.activeElement));
  const next = at < 0 ? (by === 1 ? 0 : all.length - 1) : at + by;
  const item = all[Math.max(0, Math.min(all.length - 1, next))];
  item?.focus();
  item?.scrollIntoView({ block: "nearest" });
}

/** Never for what is not selected: that would be a decision unseen. */
function press(key: "a" | "d" | "r"): boolean {
  const button = selected()?.querySelector<HTMLElement>(`[data-key="${key}"]`);
  button?.click();
  return button != null;
}

type Retry = (task: string) => void;

const retries = new Set<Retry>();

/** Hears of the task, as its path, that is to be tried anew and has no button where it is selected. Gives the way to stop. */
export function onRetry(listener: Retry): () => void {
  retries.add(listener);
  return () => void retries.delete(listener);
}

function retry(): void {
  if (press("r")) return;
  const task = taskIn(selected());
  if (task !== undefined) for (const listener of retries) listener(task);
}

/** The log of the task that is selected, or whose page this is. */
function openLog(): void {
  const path = taskIn(selected()) ?? taskAt(location.pathname);
  if (path === undefined) return;
  // The router takes clicks on links.
  const link = Object.assign(document.createElement("a"), { href: `${path}?tab=log` });
  document.body.append(link);
  link.click();
  link.remove();
}

function selected(): Element | null {
  return document.activeElement?.closest("[data-item]") ?? null;
}

/** The first task that something leads to, as the path of its page. */
function taskIn(item: Element | null): string | undefined {
  const links = item === null ? [] : [item, ...item.querySelectorAll("a")];
  return links.map((link) => taskAt(link.getAttribute("href") ?? "")).find(Boolean);
}

function taskAt(path: string): string | undefined {
  return /^\/r\/[^/]+\/t\/[^/?]+/.exec(path)?.[0];
}
