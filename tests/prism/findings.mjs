// What the fronts saw, and what of it is not on the list of known faults.

import { knownFaults, undescribed } from "./known-faults.mjs";

export class Findings {
  found = new Map();
  used = new Set();
  phases = new Map();

  /// Who is calling from now on.
  begin(phase) {
    this.phase = phase;
    this.now = { checked: new Map(), unread: new Set(), outside: new Map() };
    this.phases.set(phase, this.now);
  }

  /// A call went through Prism.
  call(name) {
    this.now.checked.set(name, (this.now.checked.get(name) ?? 0) + 1);
  }

  /// A call that is described, but whose body Prism cannot read.
  unread(name) {
    this.now.unread.add(name);
  }

  /// A call that no description has.
  undescribed(name) {
    const known = undescribed.find((it) => it.call.test(name));
    this.now.outside.set(known?.what ?? name, Boolean(known));
  }

  /// What Prism said of a call or its answer.
  violations(name, status, header) {
    let list;
    try {
      list = JSON.parse(header);
    } catch {
      list = [{ location: ["many"], message: header }];
    }
    for (const { location = [], message } of list) {
      const at = location.join(".");
      const fits = (it) => it.call.test(name) && it.status === status && it.at.test(at) && it.says.test(message);
      const known = knownFaults.find(fits);
      if (known) {
        this.used.add(known);
        continue;
      }
      const line = `(${this.phase})  ${name} → ${status}: ${at}: ${message}`.slice(0, 600);
      this.found.set(line, (this.found.get(line) ?? 0) + 1);
    }
  }

  /// Whether a call was made in this phase; a call that no description has, by the name it is listed under.
  met(name) {
    const { checked, unread, outside } = this.now;
    return checked.has(name) || unread.has(name) || outside.has(name);
  }

  /// Prints everything; whether nothing unknown was found.
  report() {
    const strangers = [];
    for (const [phase, { checked, unread, outside }] of this.phases) {
      const total = [...checked.values()].reduce((sum, count) => sum + count, 0);
      console.log(`${phase}: ${total} calls of ${checked.size} described operations went through Prism`);
      for (const name of unread) console.log(`  bytes, which Prism does not read: ${name}`);
      for (const [name, known] of outside) {
        if (known) console.log(`  not in any description: ${name}`);
        else strangers.push(`(${phase})  ${name}`);
      }
    }
    for (const fault of this.used) console.log(`known fault of a description: ${fault.name}`);
    for (const fault of knownFaults.filter((it) => !this.used.has(it))) {
      console.log(`known fault not met this time: ${fault.name}`);
    }
    for (const name of strangers) console.error(`NOT DESCRIBED AND NOT LISTED  ${name}`);
    for (const [line, count] of this.found) console.error(`VIOLATION ${count}×  ${line}`);
    return strangers.length === 0 && this.found.size === 0;
  }
}
