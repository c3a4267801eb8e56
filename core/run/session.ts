/** The agent of an attempt has named its session, and its model has answered in it. */
export interface SessionFact {
  readonly type: "session.opened";
  readonly task: string;
  readonly attempt: number;
  /** The agent's own name for it. */
  readonly session: string;
  /** The attempt whose session is gone on with; absent for a new one. */
  readonly continues?: number;
  /** Why that session could not be gone on with, so that this one is new. */
  readonly anew?: string;
}

/** The session of an attempt, as the log tells it. */
export interface AttemptSession extends Pick<SessionFact, "continues" | "anew"> {
  readonly id: string;
}

/** What a fact says of the session of its attempt. */
export function sessionOf({ session: id, continues, anew }: SessionFact): AttemptSession {
  return {
    id,
    ...(continues === undefined ? {} : { continues }),
    ...(anew === undefined ? {} : { anew }),
  };
}
