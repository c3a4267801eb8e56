import type { Clock } from "../../core/clock.ts";
import { limits } from "../../core/limits.ts";
import type { Channel } from "../../core/plugin/channel.ts";
import type { Pacing } from "../../core/queue/policy.ts";
import { Queue } from "../../core/queue/queue.ts";
import { eventsBehind } from "../../core/registry/cursors.ts";
import { liveProcesses, newestSeq } from "../../core/registry/query.ts";
import { Registry } from "../../core/registry/registry.ts";
import { Requests } from "../../core/registry/requests.ts";
import type { Place } from "../../core/workspace/place.ts";
import type { Terminal } from "../command.ts";
import type { Config } from "../config.ts";
import { tellingFiles } from "../watch/watched-file.ts";
import { type Address, allowedHosts } from "./address.ts";
import { AgentDesk } from "./agent-desk.ts";
import { AuditTrail } from "./audit-trail.ts";
import { ChannelHost } from "./channel-host.ts";
import { ChannelNotes } from "./channel-notes.ts";
import { CommandProcesses } from "./commanding.ts";
import { CronDesk } from "./cron.ts";
import { RequestProcesses } from "./driving.ts";
import { Feed } from "./feed.ts";
import { Gateway } from "./gateway.ts";
import { Inspection } from "./inspection.ts";
import { Intake } from "./intake.ts";
import { clearStale } from "./listen.ts";
import { standingText, Tally } from "./metrics.ts";
import type { ReadPlan } from "./named-plans.ts";
import { Operations } from "./operations.ts";
import { Rate } from "./rate.ts";
import { routesOf } from "./routes.ts";
import { invitation, Sessions } from "./sessions.ts";
import type { Token } from "./token.ts";

/** Everything that was found out before the daemon starts. */
export interface DaemonParts {
  readonly place: Place;
  readonly config: Config;
  readonly plans: ReadonlyMap<string, ReadPlan>;
  readonly address: Address;
  readonly pacing: Pacing;
  readonly token: Token;
  readonly version: string;
  readonly terminal: Pick<Terminal, "cwd" | "env">;
  readonly channels: readonly Channel[];
  readonly clock: Clock;
  /** Told of trouble that ends nothing. */
  readonly onTrouble: (error: unknown) => void;
}

/** What whoever holds the token may ask: so much at once, and so much a second. */
const paces = { burst: 2_000, perSecond: 200 };

/** The same of those who have nothing but an invitation: whoever guesses has long to go. */
const guestPaces = { burst: 20, perSecond: 1 };

/** The same of those who load the empty page. */
const pagePaces = { burst: 200, perSecond: 20 };

/** The queue, the ways into it and the processes that come of it, put together. The next way in is made beside the gateway. */
export class Daemon implements AsyncDisposable {
  readonly #registry: Registry;
  readonly #queue: Queue;
  readonly #processes: RequestProcesses;
  readonly #commands: CommandProcesses;
  readonly #feed: Feed;
  readonly #audit: AuditTrail;
  readonly #gateway: Gateway;
  readonly #channels: readonly ChannelHost[];
  readonly #cron: CronDesk;
  readonly #address: Address;
  readonly #sessions: Sessions;

  private constructor(parts: DaemonParts, registry: Registry) {
    const { config, plans, address, pacing, token, version, terminal, clock, onTrouble } = parts;
    const { database } = registry;
    const store = new Requests(database, clock);
    const tally = new Tally();
    const started = clock.monotonic();
    const hosts = new Set<string>();
    this.#registry = registry;
    this.#address = address;
    this.#sessions = new Sessions(clock);
    this.#processes = new RequestProcesses(registry, terminal);
    this.#commands = new CommandProcesses(terminal);
    this.#queue = new Queue({
      ...{ store: tellingFiles(store), clock, pacing, onTrouble },
      driving: this.#processes,
      room: limits.queue,
    });
    this.#feed = new Feed(registry, clock, onTrouble);
    this.#queue.subscribe(() => this.#feed.wake());
    this.#audit = new AuditTrail(database, clock, onTrouble);
    const operations = new Operations(
      registry,
      this.#queue,
      new Intake(this.#queue, config, plans),
      parts.place.stateDir,
    );
    this.#cron = new CronDesk({
      ...{ operations, database, clock, onTrouble },
      ...{ schedules: config.serve.cron, audit: this.#audit },
    });
    const metrics = (): string =>
      tally.text() +
      standingText({
        requests: store.counts(),
        room: limits.queue,
        processes: liveProcesses(database).length,
        sockets: this.#gateway.open,
        seq: newestSeq(database),
        behind: parts.channels.map(({ name: channel }) => ({
          channel,
          events: eventsBehind(database, channel),
        })),
        residentBytes: process.memoryUsage.rss(),
        upSeconds: Math.round((clock.monotonic() - started) / 1_000),
      });
    this.#gateway = new Gateway({
      ...{ address, operations, tally, feed: this.#feed, audit: this.#audit, onFault: onTrouble },
      routes: routesOf({
        ...{ operations, feed: this.#feed, version, metrics, sessions: this.#sessions },
        commands: this.#commands,
        inspection: new Inspection(registry, parts.place, terminal),
        cron: this.#cron,
        agents: new AgentDesk({ terminal, config, registry, clock }),
        pageUrl: () => this.url,
      }),
      door: {
        ...{ token, hosts, sessions: this.#sessions },
        rate: new Rate(clock, paces),
        guestRate: new Rate(clock, guestPaces),
        pageRate: new Rate(clock, pagePaces),
      },
    });
    this.#channels = parts.channels.map((channel) => {
      const { feed, audit } = { feed: this.#feed, audit: this.#audit };
      const notes = new ChannelNotes(parts.place.stateDir, channel.name);
      return new ChannelHost({
        ...{ channel, operations, feed, audit, tally, notes, database, clock, onTrouble },
      });
    });
    // The port may be known only now.
    for (const host of allowedHosts(address, this.#gateway.port ?? 0, config.serve.hosts))
      hosts.add(host);
  }

  /** Takes up what an earlier one has left, and begins to listen. Throws `RaError` (exit 6). */
  static async start(parts: DaemonParts): Promise<Daemon> {
    await clearStale(parts.address);
    const registry = await Registry.open(parts.place, { clock: parts.clock });
    try {
      const daemon = new Daemon(parts, registry);
      daemon.#queue.look();
      daemon.#cron.start();
      return daemon;
    } catch (error) {
      await registry.close();
      throw error;
    }
  }

  /** Where it is reached. */
  get url(): string {
    if (this.#address.kind === "unix") return `unix:${this.#address.path}`;
    const { host } = this.#address;
    return `http://${host.includes(":") ? `[${host}]` : host}:${this.#gateway.port}`;
  }

  /** A link that lets a page in: it works once. */
  get link(): string {
    return invitation(this.url, this.#sessions);
  }

  /** Takes and starts nothing more, interrupts what it has started, and waits for that: the work is kept. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#cron.close();
    // Before the gateway: whoever waits for a command is told what became of it.
    await this.#commands.close();
    await this.#gateway.close();
    await Promise.all(this.#channels.map((host) => host.close()));
    await this.#queue.close();
    await this.#processes.interrupt();
    this.#feed[Symbol.dispose]();
    this.#audit.flush();
    await this.#registry.close();
  }
}
