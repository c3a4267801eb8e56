import { describe, expect, test } from "bun:test";
import { standingCommits } from "../../core/dispatch/standing.ts";
import type { LandedCommit } from "../../core/workspace/workspace.ts";

/** Histories are written oldest first; `-x` is a revert that names the commit `x`. */
function history(...words: readonly string[]): readonly LandedCommit[] {
  return words
    .map((word): LandedCommit => {
      const [task = "", commit = ""] = word.replace("-", "").split(":");
      const reverts = word.startsWith("-") ? commit : null;
      const id = reverts === null ? commit : `revert of ${commit}`;
      return {
        commit: id,
        parent: "p",
        tasks: task.split("+"),
        foreign: false,
        reverts,
        subject: "",
      };
    })
    .reverse();
}

describe("the commits that stand", () => {
  const cases: readonly [string, readonly string[], readonly string[]][] = [
    ["are all of them, newest first, when nothing was taken back", ["a:1", "b:2"], ["2", "1"]],
    ["leave out what a later commit takes back", ["a:1", "b:2", "-a:1"], ["2"]],
    ["hold what landed again after it was taken back", ["a:1", "-a:1", "a:2"], ["2"]],
    ["hold what stood before when only the second landing went", ["a:1", "a:2", "-a:2"], ["1"]],
    [
      "leave out the newest of the task when a rebase changed the ids",
      ["a:1", "b:2", "-a:old"],
      ["2"],
    ],
    ["do not change by a revert of what is not there", ["b:2", "-a:old"], ["2"]],
    ["leave out a squashed commit by any of its tasks", ["a+b:1", "c:2", "-b:old"], ["2"]],
  ];

  for (const [title, words, expected] of cases) {
    test(title, () => {
      const standing = standingCommits(history(...words)).map(({ commit }) => commit);

      expect(standing).toEqual([...expected]);
    });
  }
});
