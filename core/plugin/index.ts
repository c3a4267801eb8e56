/** All that a plugin may import. */
export type { Usage } from "../run/model.ts";
export type { Channel, ChannelAsk, ChannelReply, ChannelRequest } from "./channel.ts";
export { type FailureKind, type Refusal, soundsLimited } from "./failure.ts";
export { jsonLine, oneLine } from "./lines.ts";
export { type Patience, startPatience } from "./patience.ts";
export { probeVersion } from "./probe.ts";
export { fillIn, permit } from "./protocol-question.ts";
export { providerEnvironment, usualKeys } from "./provider-keys.ts";
export { refusedExit } from "./refusal.ts";
export type {
  Account,
  Continuation,
  Exit,
  Job,
  Option,
  Probe,
  ProgramExit,
  ProgramRequest,
  Question,
  Runner,
  RunnerFactory,
  RunnerHost,
  RunnerTraits,
} from "./runner.ts";
export { ignoredIn, outsideOf, type Scope } from "./scope.ts";
export { stepRules } from "./step-scope.ts";
export { stepRunner } from "./step-stream.ts";
export {
  accountOf,
  brokenOff,
  driveStream,
  messageMax,
  newStory,
  overlong,
  type Story,
  type StreamAgent,
  type StreamReader,
  sessionTeller,
  tellAnswer,
  type Waiting,
  waitingExit,
} from "./story.ts";
export { openTalk, type Talk } from "./talk.ts";
