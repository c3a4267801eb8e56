import {
  type Compilable,
  DefaultQueryExecutor,
  QueryCreator,
  SqliteAdapter,
  SqliteQueryCompiler,
} from "kysely";
import type { Tables } from "./schema.ts";

/** What a column holds. */
export type Value = string | number | null;

/** Where the value of the moment goes. */
class Place {
  readonly index: number;

  constructor(index: number) {
    this.index = index;
  }
}

/**
 * SQLite looks at the values of bare places when it plans an order or a limit, and plans anew at every run: that takes up to
 * fifty times as long as the run. The value of an expression it does not look at; a plus in front changes nothing else.
 */
class PlannedOnce extends SqliteQueryCompiler {
  protected override getCurrentParameterPlaceholder(): string {
    return "+?";
  }
}

let builder: QueryCreator<Tables> | undefined;

/**
 * Builds and compiles; nothing runs through it. `Kysely` itself would do so, too, but brings along what changes tables and runs
 * migrations, which takes a short command as long to load again as all of this.
 */
function tables(): QueryCreator<Tables> {
  builder ??= new QueryCreator({
    executor: new DefaultQueryExecutor(new PlannedOnce(), new SqliteAdapter(), {
      provideConnection: () => Promise.reject(new Error("statements run on the database")),
    }),
  });
  return builder;
}

/**
 * A statement with places for values. It is built when it first runs and never again, whatever database it runs on:
 * to build one costs more than to run it.
 */
export class Statement<Row, Values extends readonly Value[]> {
  readonly #build: (places: Values) => Compilable<Row>;
  readonly #count: number;
  #text: string | null = null;
  /** What each parameter of the text is: a place, or a value of the statement's own. */
  #parameters: readonly unknown[] = [];
  #isInOrder = false;

  constructor(count: number, build: (places: Values) => Compilable<Row>) {
    this.#count = count;
    this.#build = build;
  }

  get text(): string {
    if (this.#text === null) {
      const places = Array.from({ length: this.#count }, (_, index) => new Place(index));
      const { sql, parameters } = this.#build(places as unknown as Values).compile();
      this.#parameters = parameters;
      this.#isInOrder =
        parameters.length === places.length && parameters.every((each, i) => each === places[i]);
      this.#text = sql;
    }
    return this.#text;
  }

  /** The parameters of the text, with these values in their places. */
  bind(values: Values): readonly Value[] {
    if (this.#isInOrder) return values;
    return this.#parameters.map((parameter) =>
      parameter instanceof Place ? (values[parameter.index] as Value) : (parameter as Value),
    );
  }
}

/** A statement that is built from the tables and one argument a value. The arguments stand for places only. */
export function statement<Row, Values extends readonly Value[]>(
  build: (tables: QueryCreator<Tables>, ...places: Values) => Compilable<Row>,
): Statement<Row, Values> {
  return new Statement(build.length - 1, (places) => build(tables(), ...places));
}

/** A statement that inserts a row with these columns, or replaces the one with its key. */
export function replacing(
  table: keyof Tables,
  columns: readonly string[],
): Statement<unknown, readonly Value[]> {
  return new Statement(columns.length, (places) => {
    const row = Object.fromEntries(columns.map((column, i) => [column, places[i]]));
    return tables()
      .replaceInto(table)
      .values(row as never);
  });
}
