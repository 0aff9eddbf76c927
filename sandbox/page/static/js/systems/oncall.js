// PagerDuty's account: who is on call now, how fast its time passes, its limits, and its webhook subscriptions.

import { get, post, put } from "../api.js";
import { fill, h } from "../dom.js";
import { moment } from "../time.js";
import { actButton, pickForm } from "./acting.js";

const NOBODY = "";
const PACES = [["60", "As on the clock"], ["1", "60 times faster: a minute is a second"], ["0.1", "600 times faster"]];

export function onCallView() {
  const policies = h("div", { class: "card" });
  const schedules = h("div", { class: "card" });
  const pace = h("div", { class: "card" });
  const hooks = h("div", { class: "card" });
  const root = h("section", { class: "single" }, h("header", { class: "pane-head" }, h("div", {}, h("h1", {}, "On call"), h("p", { class: "channel-topic" }, "Who would be woken now, and how PagerDuty behaves."))), h("div", { class: "two" }, policies, schedules, pace, hooks));
  let shape = null;

  async function refresh() {
    const [now, settings, subscriptions] = await Promise.all([get("/sandbox/pagerduty/on-call"), get("/sandbox/pagerduty/settings"), get("/sandbox/pagerduty/subscriptions")]);
    const newShape = JSON.stringify([now, settings, subscriptions]);
    if (newShape === shape) return;
    shape = newShape;
    fill(policies, h("h2", {}, "Escalation policies"), now.policies.map(policyNode));
    fill(schedules, h("h2", {}, "Schedules"), now.schedules.map((schedule) => scheduleNode(schedule, now.people)));
    fill(pace, paceNodes(settings));
    fill(hooks, h("h2", {}, "Webhook subscriptions"), subscriptions.map(subscriptionNode));
  }

  return { root, refresh, show() {} };
}

function policyNode(policy) {
  const level = (each) =>
    h(
      "li",
      {},
      h("span", { class: "count" }, each.level),
      h("span", {}, each.on_call.length ? h("strong", {}, each.on_call.join(", ")) : h("span", { class: "lozenge bad" }, "nobody"), h("span", { class: "quiet" }, ` ${each.targets.join(", ")} · goes on after ${each.delay_minutes} min`)),
    );
  const repeats = policy.num_loops ? `, then again ${policy.num_loops === 1 ? "once" : `${policy.num_loops} times`}` : "";
  return h("div", {}, h("h3", {}, `${policy.name}${repeats}`), h("ol", { class: "levels" }, policy.levels.map(level)));
}

function scheduleNode(schedule, people) {
  const options = [[NOBODY, "Nobody"], ...people.map((person) => [person.handle, person.name])];
  const change = (name) => put(`/sandbox/pagerduty/schedules/${schedule.id}`, { layers: name === NOBODY ? [] : [{ users: [name] }] });
  return h(
    "div",
    { class: "stack" },
    h("p", {}, h("strong", {}, schedule.name), ": ", schedule.on_call ? `${schedule.on_call} until ${moment(schedule.until)}` : h("span", { class: "lozenge bad" }, "nobody")),
    pickForm(`On call for ${schedule.name}`, options, "Put on call", change),
  );
}

function paceNodes(settings) {
  const save = (change) => put("/sandbox/pagerduty/settings", { ...settings, ...change });
  const { limits } = settings;
  const current = PACES.find(([seconds]) => Number(seconds) === settings.seconds_per_minute)?.[1].toLowerCase() ?? `a minute takes ${settings.seconds_per_minute} s`;
  const words = limits.enforced ? "Calls above the limit are refused with 429" : "No call is refused";
  return [
    h("h2", {}, "Time and limits"),
    h("p", {}, "Time-outs run ", h("strong", {}, current), "."),
    pickForm("Pace of time-outs", PACES, "Set pace", (seconds) => save({ seconds_per_minute: Number(seconds) })),
    h("p", {}, `${words}: ${limits.rest_per_minute} a minute for the REST API, ${limits.events_per_minute} for events.`),
    actButton(limits.enforced ? "Lift the limits" : "Enforce the limits", () => save({ limits: { ...limits, enforced: !limits.enforced } })),
  ];
}

function subscriptionNode(subscription) {
  const state = subscription.disabled ? `disabled until ${moment(subscription.disabled_until)}` : subscription.active ? "active" : "switched off";
  const path = `/sandbox/pagerduty/subscriptions/${subscription.id}`;
  return h(
    "div",
    { class: "stack" },
    h("p", {}, h("strong", {}, subscription.description || subscription.id), " ", h("span", { class: `lozenge ${subscription.disabled ? "bad" : "done"}` }, state)),
    h("p", { class: "quiet" }, `${subscription.drops_in_a_row} dropped in a row; three disable it for a day.`),
    subscription.disabled ? actButton("Enable", () => post(`${path}/enable`), "primary") : actButton("Disable", () => post(`${path}/disable`), "danger"),
  );
}
