// Faults: makes a system ill, to see what Tierline does about it.

import { get, post, remove } from "../api.js";
import { fill, h, toast } from "../dom.js";
import { actButton } from "./acting.js";

const SYSTEMS = [["slack", "Slack"], ["jira", "Jira"], ["github", "GitHub"], ["pagerduty", "PagerDuty"], ["pagerduty-events", "PagerDuty Events"], ["mail", "Mail"]];
const KINDS = [
  ["status", "Answers with an error"],
  ["latency", "Answers late"],
  ["rate_limit", "Says: too many requests"],
  ["drop_after", "Does the work, then drops the answer"],
];

const METHODS = [["", "all calls"], ["GET", "GET (reads)"], ["POST", "POST (writes)"], ["PUT", "PUT (changes)"], ["PATCH", "PATCH (changes)"], ["DELETE", "DELETE"]];

export function faultsPane() {
  const fields = {
    system: choice("Which system", SYSTEMS),
    kind: choice("What it does", KINDS),
    status: number("Status", 500, 400, 599),
    delay_s: number("Delay in seconds", 5, 0, 120),
    retry_after_s: number("Retry after, in seconds", 5, 0, 3600),
    method: choice("Only calls of the kind", METHODS),
    operation: field("Only calls whose path contains", h("input", { class: "input", placeholder: "all calls" })),
    seconds: number("For how many seconds", 60, 1, 86400, true),
    times: number("For how many calls", "", 1, 100000, true),
  };
  const form = h("form", { class: "card form", on: { submit } }, h("h2", {}, "Cause trouble"), Object.values(fields).map((each) => each.node), h("button", { type: "submit", class: "button primary" }, "Start the fault"));
  const active = h("div", { class: "card" });
  const root = h("section", { class: "single" }, h("header", { class: "pane-head" }, h("div", {}, h("h1", {}, "Faults"), h("p", { class: "channel-topic" }, "Let a system fail, and watch how tickets are looked after all the same."))), h("div", { class: "two" }, form, active));
  let shape = null;

  fields.kind.input.addEventListener("change", showFields);
  showFields();

  function showFields() {
    const kind = fields.kind.input.value;
    fields.status.node.hidden = kind !== "status";
    fields.delay_s.node.hidden = kind !== "latency";
    fields.retry_after_s.node.hidden = kind !== "rate_limit";
  }

  async function submit(event) {
    event.preventDefault();
    const fault = {};
    for (const [name, { input, node }] of Object.entries(fields)) {
      if (node.hidden || input.value === "") continue;
      fault[name] = input.type === "number" ? Number(input.value) : input.value;
    }
    try {
      await post("/sandbox/faults", fault);
    } catch (error) {
      toast(error.message);
    }
    window.dispatchEvent(new Event("refresh"));
  }

  async function refresh() {
    const faults = await get("/sandbox/faults");
    if (JSON.stringify(faults) === shape) return;
    shape = JSON.stringify(faults);
    fill(
      active,
      h("h2", {}, "In force"),
      faults.length ? h("div", { class: "table-wide" }, h("table", { class: "log" }, h("thead", {}, h("tr", {}, ["System", "What", "Calls", ""].map((name) => h("th", { scope: "col" }, name)))), h("tbody", {}, faults.map(line)))) : h("p", { class: "quiet" }, "Everything is well."),
      faults.length ? actButton("Clear all faults", () => remove("/sandbox/faults"), "danger") : null,
    );
  }

  function line({ id, fault, hits, left }) {
    const system = SYSTEMS.find(([name]) => name === fault.system)[1];
    const kind = KINDS.find(([name]) => name === fault.kind)[1].toLowerCase();
    const extra = { status: fault.status, latency: `${fault.delay_s} s`, rate_limit: `retry after ${fault.retry_after_s} s`, drop_after: "" }[fault.kind];
    const counted = `${hits} hit${hits === 1 ? "" : "s"}${left === null ? "" : `, ${left} left`}`;
    return h(
      "tr",
      {},
      h("td", {}, h("strong", {}, system)),
      h("td", {}, `${kind}${extra ? ` (${extra})` : ""}`, fault.seconds ? h("span", { class: "quiet" }, ` for ${fault.seconds} s`) : null),
      h("td", {}, h("div", {}, [fault.method, fault.operation && `with “${fault.operation}”`].filter(Boolean).join(" ") || "all calls"), h("div", { class: "quiet" }, counted)),
      h("td", {}, actButton("End", () => remove(`/sandbox/faults/${id}`))),
    );
  }

  return { root, refresh, show() {} };
}

function field(label, input) {
  return { input, node: h("label", { class: "field-row" }, h("span", {}, label), input) };
}

function choice(label, options) {
  return field(label, h("select", { class: "select" }, options.map(([value, text]) => h("option", { value }, text))));
}

function number(label, value, min, max, optional = false) {
  return field(label, h("input", { class: "input", type: "number", value, min, max, required: !optional, placeholder: optional ? "no limit" : null }));
}
