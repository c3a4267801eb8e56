import type { Machine } from "../process/machine.ts";
import type { GitRepository } from "../workspace/workspace.ts";

/**
 * A repository for the driver of a run that may be superseded at any moment, as one that was suspended is: `check` throws
 * then, and neither a ref nor a branch nor a file of the user's checkout is touched any more.
 */
export function fenced(repository: GitRepository, check: () => void): GitRepository {
  return {
    ...repository,
    async pin(ref, commit) {
      check();
      await repository.pin(ref, commit);
    },
    async publish(move) {
      check();
      return await repository.publish(move);
    },
    async open(request) {
      check();
      const workspace = await repository.open(request);
      const restore = async (): Promise<void> => {
        check();
        await workspace.restore();
      };
      if (!request.lasting) return { ...workspace, restore };
      // The same directory is that of the next attempt by then.
      return {
        ...workspace,
        restore,
        async snapshot(message) {
          check();
          return await workspace.snapshot(message);
        },
        async close() {
          check();
          await workspace.close();
        },
      };
    },
  };
}

/** As `fenced`, for the programs: a driver that slept while its run was taken starts none beside those of the new one. */
export function fencedMachine(machine: Machine, check: () => void): Machine {
  return {
    ...machine,
    start(request) {
      check();
      return machine.start(request);
    },
  };
}
