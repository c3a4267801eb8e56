import { ExitCode } from "../../core/error.ts";
import { bindGit } from "../../core/workspace/git.ts";
import type { CommandBody } from "../command.ts";
import { runDemo } from "../demo-run.ts";
import { flag } from "../option.ts";

/** `ra demo`: the main job in a repository of its own, which is removed afterwards. */
export const run: CommandBody = async ({ terminal, options }) => {
  const keep = flag(options, "keep");
  let place = "";
  await runDemo(terminal, {
    keep,
    look: async ({ path, env }) => {
      place = path;
      const log = ["log", "--reverse", "--format=%h %s", "--shortstat"];
      const printed = await bindGit(path, env).run(log);
      terminal.out(`\n$ git log --reverse --format='%h %s' --shortstat\n${printed}`);
    },
  });
  terminal.out(explanation);
  if (keep) terminal.out(`The repository is still there: cd ${place} && ra show @last\n`);
  return ExitCode.ok;
};

const explanation = `
You saw: tasks side by side, each in a clone of its own, and one commit per task in the plan's order;
a conflict and a check that failed on the merged tree, both kept and named; a task skipped because of it.
`;
