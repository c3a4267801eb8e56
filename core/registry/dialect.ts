import type { Database, SQLQueryBindings } from "bun:sqlite";
import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  type Logger,
  SqliteAdapter,
  type SqliteDatabase,
  SqliteDialect,
  type SqliteDialectConfig,
  SqliteDriver,
  type SqliteStatement,
  type TransactionSettings,
} from "kysely";

/** Kysely over one connection, for the tables of `Of`. `log` is called for each statement. */
export function kyselyOver<Of>(database: Database, log: Logger = () => {}): Kysely<Of> {
  return new Kysely({ dialect: new BunSqliteDialect(database), log });
}

/** The dialect of one bun:sqlite connection. `Kysely.destroy` leaves the connection open: whoever opened it closes it. */
class BunSqliteDialect extends SqliteDialect {
  readonly #config: SqliteDialectConfig;

  constructor(database: Database) {
    const config = { database: asKyselyExpects(database) };
    super(config);
    this.#config = config;
  }

  override createDriver(): Driver {
    return new ImmediateDriver(this.#config);
  }

  override createAdapter(): SqliteAdapter {
    return new TransactionalAdapter();
  }
}

/**
 * A deferred transaction that reads and then writes fails at once when another process wrote in between: the busy
 * timeout does not hold for a lock that is upgraded. An immediate one waits its turn at the start.
 */
class ImmediateDriver extends SqliteDriver {
  override async beginTransaction(
    connection: DatabaseConnection,
    settings?: TransactionSettings,
  ): Promise<void> {
    const begin = settings?.accessMode === "read only" ? "begin" : "begin immediate";
    await connection.executeQuery(CompiledQuery.raw(begin));
  }
}

/** SQLite rolls tables back like rows, so a migration that fails halfway leaves nothing. */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

function asKyselyExpects(database: Database): SqliteDatabase {
  return {
    prepare: (sql) => statement(database, sql),
    close: () => {},
  };
}

function statement(database: Database, sql: string): SqliteStatement {
  const cached = database.query<unknown, SQLQueryBindings[]>(sql);
  return {
    reader: cached.columnNames.length > 0,
    all: (parameters) => cached.all(...bindings(parameters)),
    run: (parameters) => cached.run(...bindings(parameters)),
    iterate: (parameters) => cached.iterate(...bindings(parameters)),
  };
}

function bindings(parameters: readonly unknown[]): SQLQueryBindings[] {
  return parameters as SQLQueryBindings[];
}
