import { z } from "zod";
import { field, whole } from "./fields.ts";

/** When somebody is told. A dashboard costs about 3 USD a month, the alarms about 2. */
export const alarms = z
  .strictObject({
    email: field(
      z.email(),
      "Who is told by mail, after confirming the subscription; null: whoever subscribes to the topic in `alarmTopicArn`.",
      "an address or null",
    )
      .nullable()
      .default(null),
    p99Ms: whole(
      100,
      29_000,
      "Milliseconds above which the slowest hundredth of a door's answers is too slow.",
    ).default(3000),
    denialsPerMinute: whole(
      1,
      10_000,
      "Refused requests a minute at one door above which somebody should look.",
    ).default(50),
  })
  .prefault({});
