/** All that a plugin may import. */
export { block } from "../plain-text.ts";
export { amountText } from "../plan/budget-words.ts";
export type { Event } from "../run/event.ts";
export type { Usage } from "../run/model.ts";
export type { QuestionState } from "../run/question.ts";
export { spentByAll } from "../run/spending.ts";
export type { RunState, TaskState } from "../run/state.ts";
export { hasEnded, isAtWork } from "../run/task.ts";
export type {
  Channel,
  ChannelAccess,
  ChannelAsk,
  ChannelReply,
  ChannelRequest,
  ChannelRequestState,
} from "./channel.ts";
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
