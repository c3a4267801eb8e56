import { sql } from "kysely";
import type { QuestionState } from "../run/question.ts";
import type { RegistryDatabase } from "./database.ts";
import { ownerColumns, ownerOf } from "./rows.ts";
import type { QuestionsTable } from "./schema.ts";
import { statement } from "./statement.ts";
import { parsed } from "./trouble.ts";

/** A question with its place. */
export interface PlacedQuestion extends QuestionState {
  readonly run: string;
  readonly task: string;
  readonly attempt: number;
}

const openByTime = statement((tables) =>
  tables
    .selectFrom("questions")
    .innerJoin("runs", "runs.id", "questions.run")
    .selectAll("questions")
    .select(ownerColumns)
    .where("ended_at", "is", null)
    .where("runs.finished_at", "is", null)
    .orderBy("asked_at")
    .orderBy("gate"),
);
const newestWithId = statement((tables, gate: string) =>
  tables
    .selectFrom("questions")
    .selectAll()
    .where("gate", "=", gate)
    .orderBy("asked_at", "desc")
    .limit(sql.lit(1)),
);

/** What agents wait for, the oldest first. Those whose `ra` is gone are left out: nobody hears an answer. */
export function openQuestions(database: RegistryDatabase): PlacedQuestion[] {
  const rows = database.all(openByTime);
  return rows
    .filter((row) => database.living.isAttended(ownerOf(row)))
    .map((row) => questionOf(database, row));
}

/** The question with this id, the newest where several runs have one, closed ones included; null: there is none. */
export function findQuestion(database: RegistryDatabase, gate: string): PlacedQuestion | null {
  const [row] = database.all(newestWithId, gate);
  return row === undefined ? null : questionOf(database, row);
}

function questionOf(database: RegistryDatabase, row: QuestionsTable): PlacedQuestion {
  const { run, task, attempt, gate, text, asked_at: askedAt, until, ended_at: at } = row;
  const options = parsed<QuestionState["options"]>(database.path, row.options);
  const place = { run, task, attempt, gate, text, options, askedAt, until };
  if (at === null) return { ...place, end: null };
  const { answer, ended_by: by, reason } = row;
  if (answer !== null) return { ...place, end: { kind: "answered", answer, by: by ?? "", at } };
  return { ...place, end: { kind: "withdrawn", reason: reason as "ended", at } };
}
