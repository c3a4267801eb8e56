import type { RequestStatus } from "../../core/queue/request.ts";
import type { RefusalEnd } from "../../core/registry/refused-events.ts";

/** What the gateway counts of itself, beside what the registry knows. */
export class Tally {
  readonly #answers = new Map<string, number>();
  readonly #misses = new Map<string, number>();

  /** Notes an answer to somebody. */
  answered(method: string, route: string, status: number): void {
    const labels = `method="${method}",route="${route}",status="${status}"`;
    count(this.#answers, labels);
  }

  /** Notes that a channel did not bring an event to people: it failed and is tried again, or was refused for good. */
  missed(channel: string, end: "failed" | RefusalEnd): void {
    count(this.#misses, `channel="${channel}",end="${end}"`);
  }

  /** In the text form of Prometheus. */
  text(): string {
    return (
      counter("ra_http_answers_total", "Answers to HTTP requests.", this.#answers) +
      counter("ra_channel_misses_total", "Deliveries by channels that failed.", this.#misses)
    );
  }
}

function count(counts: Map<string, number>, labels: string): void {
  counts.set(labels, (counts.get(labels) ?? 0) + 1);
}

function counter(name: string, about: string, counts: ReadonlyMap<string, number>): string {
  const lines = [...counts].map(([labels, value]) => `${name}{${labels}} ${value}`);
  return family(name, "counter", about, lines);
}

/** What the registry knows and the process is at a moment. */
export interface Standing {
  readonly requests: Readonly<Partial<Record<RequestStatus, number>>>;
  readonly room: number;
  readonly processes: number;
  readonly sockets: number;
  readonly seq: number;
  /** How many events each channel has not passed yet. */
  readonly behind: readonly { readonly channel: string; readonly events: number }[];
  readonly residentBytes: number;
  readonly upSeconds: number;
}

/** The standing in the text form of Prometheus. */
export function standingText(standing: Standing): string {
  const statuses = ["queued", "running", "fulfilled", "rejected", "cancelled"] as const;
  const requests = statuses.map(
    (status) => `ra_requests{status="${status}"} ${standing.requests[status] ?? 0}`,
  );
  const behind = standing.behind.map(
    ({ channel, events }) => `ra_channel_behind{channel="${channel}"} ${events}`,
  );
  const gauges = [
    ["ra_queue_room", "Requests that may wait at once.", standing.room],
    ["ra_processes", "Live processes of all runs.", standing.processes],
    ["ra_sockets", "Open WebSockets.", standing.sockets],
    ["ra_events", "Newest event of the log.", standing.seq],
    ["process_resident_memory_bytes", "Memory of the gateway.", standing.residentBytes],
    ["ra_up_seconds", "Seconds since the gateway started.", standing.upSeconds],
  ] as const;
  return [
    family("ra_requests", "gauge", "Requests by status.", requests),
    family("ra_channel_behind", "gauge", "Events that a channel has not passed yet.", behind),
    ...gauges.map(([name, about, value]) => family(name, "gauge", about, [`${name} ${value}`])),
  ].join("");
}

function family(name: string, type: string, about: string, lines: readonly string[]): string {
  return `# HELP ${name} ${about}\n# TYPE ${name} ${type}\n${lines.map((line) => `${line}\n`).join("")}`;
}
