import type { RequestStatus } from "../../core/queue/request.ts";

/** What the gateway counts of itself, beside what the registry knows. */
export class Tally {
  readonly #answers = new Map<string, number>();

  /** Notes an answer to somebody. */
  answered(method: string, route: string, status: number): void {
    const labels = `method="${method}",route="${route}",status="${status}"`;
    this.#answers.set(labels, (this.#answers.get(labels) ?? 0) + 1);
  }

  /** In the text form of Prometheus. */
  text(): string {
    const lines = [...this.#answers].map(
      ([labels, count]) => `ra_http_answers_total{${labels}} ${count}`,
    );
    return family("ra_http_answers_total", "counter", "Answers to HTTP requests.", lines);
  }
}

/** What the registry knows and the process is at a moment. */
export interface Standing {
  readonly requests: Readonly<Partial<Record<RequestStatus, number>>>;
  readonly room: number;
  readonly processes: number;
  readonly sockets: number;
  readonly seq: number;
  readonly residentBytes: number;
  readonly upSeconds: number;
}

/** The standing in the text form of Prometheus. */
export function standingText(standing: Standing): string {
  const statuses = ["queued", "running", "fulfilled", "rejected", "cancelled"] as const;
  const requests = statuses.map(
    (status) => `ra_requests{status="${status}"} ${standing.requests[status] ?? 0}`,
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
    ...gauges.map(([name, about, value]) => family(name, "gauge", about, [`${name} ${value}`])),
  ].join("");
}

function family(name: string, type: string, about: string, lines: readonly string[]): string {
  return `# HELP ${name} ${about}\n# TYPE ${name} ${type}\n${lines.map((line) => `${line}\n`).join("")}`;
}
