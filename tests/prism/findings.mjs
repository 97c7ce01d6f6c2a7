// What the fronts saw, and what of it is not on the list of known faults.

import { knownFaults, undescribed } from "./known-faults.mjs";

export class Findings {
  calls = new Map();
  found = new Map();
  outside = new Map();
  used = new Set();
  /// Who is calling now, for the report.
  phase = "";

  call(name) {
    this.calls.set(name, (this.calls.get(name) ?? 0) + 1);
  }

  undescribed(name) {
    const known = undescribed.find((it) => it.call.test(name));
    this.outside.set(known?.what ?? name, Boolean(known));
  }

  /// `refused`: the answer is one of Slack's refusals.
  violations(name, status, header, refused) {
    let list;
    try {
      list = JSON.parse(header);
    } catch {
      list = [{ location: ["many"], message: header }];
    }
    for (const { location = [], message } of list) {
      const place = location.join(".");
      const known = knownFaults.find(
        (it) => it.call.test(name) && it.at.test(place) && it.says.test(message) && (!it.refusals || refused),
      );
      if (known) {
        this.used.add(known);
        continue;
      }
      const line = `${name} → ${status}: ${place}: ${message}`.slice(0, 600);
      const seen = this.found.get(line) ?? { phase: this.phase, count: 0 };
      seen.count += 1;
      this.found.set(line, seen);
    }
  }

  /// Prints everything; whether nothing unknown was found.
  report() {
    const total = [...this.calls.values()].reduce((sum, count) => sum + count, 0);
    console.log(`${total} calls of ${this.calls.size} described operations went through Prism`);
    const strangers = [];
    for (const [name, known] of this.outside) {
      if (known) console.log(`  not in any description: ${name}`);
      else strangers.push(name);
    }
    for (const fault of this.used) console.log(`  known fault of a description: ${fault.name}`);
    for (const fault of knownFaults.filter((it) => !this.used.has(it))) {
      console.log(`  known fault not met this time: ${fault.name}`);
    }
    for (const name of strangers) console.error(`NOT DESCRIBED AND NOT LISTED  ${name}`);
    for (const [line, { phase, count }] of this.found) console.error(`VIOLATION (${phase}, ${count}×)  ${line}`);
    return strangers.length === 0 && this.found.size === 0;
  }
}
