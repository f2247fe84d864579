// Collects what is wrong, so that a run says everything that is, not the first thing only.

export class Checks {
  failures = [];
  passed = 0;

  /** Notes a failure if something does not hold. */
  that(holds, what) {
    if (holds) this.passed += 1;
    else this.failures.push(what);
  }

  /** Notes a failure if two values are not the same, as JSON. */
  equal(found, wanted, what) {
    const [left, right] = [found, wanted].map((value) => JSON.stringify(value) ?? 'undefined');
    this.that(left === right, `${what}: ${left.slice(0, 300)} instead of ${right.slice(0, 300)}`);
  }

  /** Runs a group of checks. One that breaks off is a failure, too. */
  async group(name, run) {
    try {
      await run();
    } catch (error) {
      this.failures.push(`${name} broke off: ${error.stack?.split('\n').slice(0, 6).join('\n  ')}`);
    }
  }
}
