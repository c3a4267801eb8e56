/** A planted bug: a text that stands once in a file, and what takes its place. */
export interface Mutant {
  readonly name: string;
  readonly file: string;
  readonly text: string;
  readonly replacement: string;
  /** Test files that must fail; null: the simulation must. */
  readonly tests: readonly string[] | null;
}

function inSimulation(name: string, file: string, text: string, replacement: string): Mutant {
  return { name, file, text, replacement, tests: null };
}

function inTests(
  name: string,
  file: string,
  text: string,
  replacement: string,
  ...tests: string[]
): Mutant {
  return { name, file, text, replacement, tests };
}

const dispatch = (name: string): string => `core/dispatch/${name}.ts`;

export const mutants: readonly Mutant[] = [
  inSimulation(
    "attempts wait for ever when a start beside them cannot be recorded",
    dispatch("dispatcher"),
    "    } finally {\n      allStarted.resolve();\n    }",
    "    } finally {\n    }\n    allStarted.resolve();",
  ),
  inSimulation(
    "the workspace is removed before its work is pinned",
    dispatch("attempt"),
    "  const snapshot = await workspace.snapshot(",
    "  await workspace.close();\n  const snapshot = await workspace.snapshot(",
  ),
  inSimulation(
    "two transactions are swapped: a result lands before it is recorded",
    dispatch("dispatcher"),
    "    const cooldown = await this.#providers.recordEnd(assignment, end);\n",
    "    if (end.snapshot !== null) await this.#options.hands.land(assignment, end).then(() => this.#options.hands.publish());\n    const cooldown = await this.#providers.recordEnd(assignment, end);\n",
  ),
  inSimulation(
    "the merge starts from the target's tip and not from the recorded base",
    dispatch("stack"),
    "{ base: result.base, ours: tip, theirs: result.commit }",
    "{ base: tip, ours: tip, theirs: result.commit }",
  ),
  inSimulation(
    "a target that moved is followed without a check",
    dispatch("chain"),
    "    const complaint = await this.#verifyAll();\n",
    "    const complaint = null as string | null;\n",
  ),
  inSimulation(
    "results taken over from a dead process are not checked again",
    dispatch("chain"),
    "      this.#unverified ||= layers.length > 0;\n      return",
    "      return",
  ),
  inSimulation(
    "another tree is checked than the one that lands",
    dispatch("trial"),
    "await verify(command, top.commit, result)",
    "await verify(command, result.commit, result)",
  ),
  inSimulation(
    "a check that fails counts as passed",
    dispatch("trial"),
    "  if (whole.complaint === null) {",
    "  if (checks >= 0) {",
  ),
  inSimulation(
    "recovery does not end the processes of the dead",
    dispatch("aftermath"),
    "  const told = await endProcesses(machine, state);",
    "  const told: string[] = [];",
  ),
  inSimulation(
    "recovery forgets results that are recorded and have not landed",
    dispatch("aftermath"),
    "  return { results, told };",
    "  return { results: new Map(), told };",
  ),
  inSimulation(
    "recovery removes workspaces without a look at their work",
    dispatch("aftermath"),
    '    if (ran || left.isolation === "in-place") return true;',
    "    if (!ran) return true;",
  ),
  inSimulation(
    "recovery does not put back what landed and is not on the target",
    dispatch("recovery"),
    "  if (landed.length === 0) return null;",
    "  if (landed.length >= 0) return null;",
  ),
  inSimulation(
    "the lease does not fence: an owner that lost its run goes on writing",
    "core/registry/transaction.ts",
    "epoch === undefined || state.epoch === epoch) return;",
    "epoch === undefined || state.epoch > 0) return;",
  ),
  inSimulation(
    "claims of other runs are not looked at",
    dispatch("roster"),
    '      if (met) return { kind: "claim"',
    '      if (met && met.mine === "") return { kind: "claim"',
  ),
  inSimulation(
    "claims are released before their paths reach the target",
    "core/registry/rows.ts",
    'if (!isLive && (attempt.outcome?.kind !== "succeeded" || attempt.yielded)) return [];',
    "if (!isLive) return [];",
  ),
  inSimulation(
    "claims inside a run are not looked at",
    "core/run/schedule.ts",
    '      if (globs) return { kind: "claim", by: other, globs };',
    '      if (globs && other < 0) return { kind: "claim", by: other, globs };',
  ),
  inSimulation(
    "a task starts before all it needs is merged",
    "core/run/schedule.ts",
    "      if (this.#unmet[position] === 0) this.#makeReady(position);",
    "      if ((this.#unmet[position] ?? 0) <= 1) this.#makeReady(position);",
  ),
  inSimulation(
    "a task that was told to stop is tried again",
    dispatch("ending"),
    "isAgain && this.#tasks.has(position)",
    "isAgain && this.#tasks.has(-1)",
  ),
  inSimulation(
    "a step-through run goes on without an answer",
    dispatch("dispatcher"),
    "    this.#gate.pause();\n",
    "    this.#gate.resume();\n",
  ),
  inSimulation(
    "an attempt counts twice",
    dispatch("tally"),
    "      this.counted += 1;",
    "      this.counted += 2;",
  ),
  inSimulation(
    "a task is tried once more than its plan says",
    dispatch("policy"),
    "if (tries.counted > task.retries.max) return",
    "if (tries.counted > task.retries.max + 1) return",
  ),
  inSimulation(
    "a rate limit costs an attempt",
    dispatch("tally"),
    'if (outcome.kind === "rate-limited" || outcome.kind === "disk-full") this.limited += 1;',
    'if (outcome.kind === "rate-limited" || outcome.kind === "disk-full") this.counted += 1;',
  ),
  inSimulation(
    "facts that nobody waits for are dropped when the registry fails",
    "core/registry/registry.ts",
    "    this.#queue = [...calls.filter(({ waiter }) => waiter === null), ...this.#queue];\n",
    "",
  ),
  inSimulation(
    "facts of a failed transaction stay in memory",
    "core/registry/registry.ts",
    "    this.#parts.history.forget();\n    this.#parts.projection.forget();\n    this.#queue",
    "    this.#queue",
  ),
  inSimulation(
    "facts are told before they are written",
    "core/registry/registry.ts",
    "      const verdicts = calls.map((call) => transaction.add(call));\n",
    "      const verdicts = calls.map((call) => transaction.add(call));\n      for (const verdict of verdicts) if (verdict.ok) this.#tell(verdict.events);\n",
  ),
  inSimulation(
    "the table of tasks keeps commits that publishing has replaced",
    "core/registry/projection.ts",
    "        for (const task of state.tasks.values()) change.tasks.add(task);\n        change.run",
    "        change.run",
  ),
  inSimulation(
    "what an agent leaves behind is not ended",
    dispatch("drive"),
    "    await (ending ?? this.#endLeftovers(running));",
    "    await ending;",
  ),
  inSimulation(
    "a result that was recorded is worked out a second time after a crash",
    "core/run/resume.ts",
    "    if (waitsToLand(task)) continue;\n",
    "",
  ),
  inTests(
    "the target moves without compare-and-swap",
    "core/workspace/refs.ts",
    "ref, to, from ?? this.#zero];",
    "ref, to];",
    "test/workspace/refs.test.ts",
  ),
  inTests(
    "a result is recorded before the names of its objects are flushed",
    "core/workspace/store-flush.ts",
    "      changes.map(({ dir }) => dir),\n",
    "      [],\n",
    "test/torture/durable-order.test.ts",
  ),
  inTests(
    "objects, refs and indexes get their names before they are flushed",
    "core/workspace/git.ts",
    '  "core.fsync": "all",\n',
    '  "core.fsync": "none",\n',
    "test/torture/durable-order.test.ts",
  ),
  inTests(
    "the target moves before the files of its checkout are flushed",
    "core/workspace/land.ts",
    "  const flaw = done.code === 0 ? await flushEntries(step) : firstError(done.stderr);",
    "  const flaw = done.code === 0 ? null : firstError(done.stderr);",
    "test/torture/durable-order.test.ts",
  ),
  inTests(
    "a ref that was there already counts before it is flushed",
    "core/workspace/refs.ts",
    "      if (old === commit) return await this.settle(ref);",
    "      if (old === commit) return;",
    "test/torture/durable-order.test.ts",
  ),
  inTests(
    "a merge that changes what neither side changed is let through",
    "core/workspace/faithful.ts",
    "    strays.length === 0,\n",
    "    strays.length >= 0,\n",
    "test/workspace/faithful.test.ts",
  ),
  inTests(
    "the lock of a live owner is taken for that of a dead one",
    "core/workspace/index-lock.ts",
    "  return isAlive(owner) ? null : { owner, move };",
    "  return { owner, move };",
    "test/workspace/unfinished-landing.test.ts",
  ),
  inTests(
    "a later process with the same pid is taken for the one that was meant",
    "core/process/table.ts",
    "(identity.startTicks === null || row.startTicks === identity.startTicks)",
    "row.startTicks > 0",
    "test/process/tree.test.ts",
  ),
  inTests(
    "only the process itself is ended, and not its tree",
    "core/process/tree.ts",
    "row.group === group || heirs?.has(row) || (tree.marks.size > 0 && marked(row, tree.marks)),",
    "row.pid === group,",
    "test/process/tree.test.ts",
  ),
  inTests(
    "a later answer takes the place of the first",
    "core/run/question.ts",
    'if (known.end !== null) return "the question is closed";',
    "",
    "test/run/question.test.ts",
  ),
  inTests(
    "a task that waits for a person gives its paths up",
    "core/run/model.ts",
    '["running", "needs-you", "merging"]',
    '["running", "merging"]',
    "test/registry/questions.test.ts",
  ),
  inTests(
    "the time of an attempt runs on while a person is asked",
    dispatch("question"),
    "    this.#limit.hold();",
    "",
    "test/dispatch/attempt-question.test.ts",
  ),
  inTests(
    "what an agent asks is recorded with its secrets",
    dispatch("question-desk"),
    "this.#options.redactor?.text(line) ?? line;",
    "line;",
    "test/dispatch/question-desk.test.ts",
  ),
  inTests(
    "secrets are not found across the borders of chunks",
    "core/secret/redactor.ts",
    "    return this.#show(bytes, this.#finder.openEnd(bytes));",
    "    return this.#show(bytes, bytes.length);",
    "test/secret/redaction.test.ts",
  ),
  inTests(
    "an agent gets the whole environment of `ra`",
    "core/process/environment.ts",
    "const isWithheld = matcher(withheld);",
    "const isWithheld = matcher([]);",
    "test/process/environment.test.ts",
  ),
];
