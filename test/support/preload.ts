import { afterAll, afterEach } from "bun:test";
import { checkNothingLeft, cleanUp } from "./leftovers.ts";

afterEach(cleanUp);
afterAll(checkNothingLeft);
