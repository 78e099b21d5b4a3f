// Mocha's own spec report, and beside it the counts as a file for tools/test.ts.
import { writeFileSync } from "node:fs";
import mocha from "mocha";

export default class CountingSpec extends mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once("end", () => {
      const { passes, failures, pending } = this.stats;
      const counts = { passed: passes, failed: failures, skipped: pending };
      writeFileSync(options.reporterOptions.output, JSON.stringify(counts));
    });
  }
}
