/** Positions each position points at, by position. */
export type Arrows = readonly (readonly number[])[];

/**
 * One shortest circle of every group of positions that wait for each other, beginning with its lowest position.
 * Groups come in the order of these. Takes no recursion, so a chain may have any length.
 */
export function findCycles(deps: Arrows): readonly (readonly number[])[] {
  const groupOf = new Int32Array(deps.length).fill(-1);
  const lowest: number[] = [];
  for (const [group, members] of knots(deps).entries()) {
    let least = members[0]!;
    for (const member of members) {
      groupOf[member] = group;
      if (member < least) least = member;
    }
    lowest.push(least);
  }
  return lowest.sort((a, b) => a - b).map((start) => shortestCircle(deps, start, groupOf));
}

/** Strongly connected groups that hold a circle: Tarjan's algorithm with a stack of its own. */
function knots(deps: Arrows): number[][] {
  const index = new Int32Array(deps.length).fill(-1);
  const low = new Int32Array(deps.length);
  const onStack = new Uint8Array(deps.length);
  const stack: number[] = [];
  const found: number[][] = [];
  let counter = 0;

  const close = (root: number): void => {
    const members: number[] = [];
    let member: number;
    do {
      member = stack.pop()!;
      onStack[member] = 0;
      members.push(member);
    } while (member !== root);
    if (members.length > 1 || deps[root]!.includes(root)) found.push(members);
  };
  const open = (node: number, work: [number, number][]): void => {
    index[node] = low[node] = counter++;
    stack.push(node);
    onStack[node] = 1;
    work.push([node, 0]);
  };

  for (let start = 0; start < deps.length; start++) {
    if (index[start] !== -1) continue;
    const work: [number, number][] = [];
    open(start, work);
    while (work.length > 0) {
      const frame = work.at(-1)!;
      const [node, next] = frame;
      const target = deps[node]![next];
      if (target === undefined) {
        work.pop();
        if (low[node] === index[node]) close(node);
        const above = work.at(-1);
        if (above) low[above[0]] = Math.min(low[above[0]]!, low[node]!);
        continue;
      }
      frame[1] += 1;
      if (index[target] === -1) open(target, work);
      else if (onStack[target]) low[node] = Math.min(low[node]!, index[target]!);
    }
  }
  return found;
}

function shortestCircle(deps: Arrows, start: number, groupOf: Int32Array): readonly number[] {
  const cameFrom = new Map<number, number>();
  const queue = [start];
  for (let head = 0; head < queue.length; head++) {
    const node = queue[head]!;
    for (const target of deps[node]!) {
      if (target === start) return walkBack(cameFrom, start, node);
      if (groupOf[target] !== groupOf[start] || cameFrom.has(target)) continue;
      cameFrom.set(target, node);
      queue.push(target);
    }
  }
  return [start];
}

function walkBack(cameFrom: ReadonlyMap<number, number>, start: number, end: number): number[] {
  const circle: number[] = [];
  for (let node = end; node !== start; node = cameFrom.get(node)!) circle.push(node);
  circle.push(start);
  return circle.reverse();
}
