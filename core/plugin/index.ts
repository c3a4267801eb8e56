/** All that a plugin may import. */
export type { Usage } from "../run/model.ts";
export { probeVersion } from "./probe.ts";
export {
  jsonLine,
  oneLine,
  type Patience,
  type Refusal,
  refusedExit,
  soundsLimited,
  startPatience,
} from "./refusal.ts";
export type {
  Exit,
  Job,
  Probe,
  ProgramExit,
  ProgramRequest,
  Runner,
  RunnerFactory,
  RunnerHost,
  RunnerTraits,
} from "./runner.ts";
