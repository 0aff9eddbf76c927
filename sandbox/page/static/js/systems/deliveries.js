// Deliveries: what was sent to Tierline's gateway, and what it answered.

import { get, post, remove } from "../api.js";
import { fill, h, toast } from "../dom.js";
import { clock } from "../time.js";
import { actButton } from "./acting.js";

const SHOWN = 200;
const SYSTEMS = [["pagerduty", "PagerDuty"], ["slack", "Slack"], ["jira", "Jira"], ["github", "GitHub"]];
const KINDS = [["lose", "is lost"], ["double", "comes twice"], ["swap", "changes places with the one after it"], ["delay", "comes late"], ["hold", "is held back"]];

export function deliveriesPane() {
  const body = h("tbody");
  const filter = h("select", { class: "select", "aria-label": "System", on: { change: () => refresh() } }, [["", "All systems"], ["slack", "Slack"], ["jira", "Jira"], ["github", "GitHub"], ["pagerduty", "PagerDuty"]].map(([value, text]) => h("option", { value }, text)));
  const orders = ordersBar();
  const root = h(
    "section",
    { class: "single" },
    h("header", { class: "pane-head" }, h("div", {}, h("h1", {}, "Deliveries"), h("p", { class: "channel-topic" }, "Signed requests to Tierline's gateway, newest first.")), filter),
    orders.root,
    h(
      "div",
      { class: "table-scroll", tabindex: "0", role: "region", "aria-label": "Deliveries" },
      h("table", { class: "log" }, h("thead", {}, h("tr", {}, ["Time", "System", "Event", "To", "Answer", "Took", "Attempt", "Id"].map((name) => h("th", { scope: "col" }, name)))), body),
    ),
  );
  let shape = null;

  async function refresh() {
    await orders.refresh();
    const query = filter.value ? `?system=${filter.value}` : "";
    const entries = (await get(`/sandbox/deliveries${query}`)).slice(-SHOWN).reverse();
    const newShape = JSON.stringify([entries.length, entries[0], filter.value]);
    if (newShape === shape) return;
    shape = newShape;
    fill(body, entries.length ? entries.map(line) : h("tr", {}, h("td", { colspan: 8, class: "empty" }, "Nothing has been sent yet.")));
  }

  return { root, refresh, show() {} };
}

function line(entry) {
  const good = entry.status !== null && entry.status < 300;
  const answer = entry.status ?? entry.error ?? "no answer";
  const path = entry.url.replace(/^https?:\/\/[^/]+/, "");
  return h(
    "tr",
    { class: good ? "" : "failed" },
    h("td", {}, clock(entry.at, true)),
    h("td", {}, entry.system),
    h("td", {}, entry.event, entry.misdelivery ? h("span", { class: "label" }, entry.misdelivery) : null),
    h("td", {}, h("code", {}, path)),
    h("td", {}, h("span", { class: `lozenge ${good ? "done" : "bad"}` }, answer)),
    h("td", {}, `${Math.round(entry.seconds * 1000)} ms`),
    h("td", {}, entry.attempt ? `retry ${entry.attempt}` : "first"),
    h("td", { class: "quiet mono" }, entry.id),
  );
}

/** Lets the next deliveries go astray: a form, the orders in force, and what is held back. */
function ordersBar() {
  const option = ([value, text]) => h("option", { value }, text);
  const system = h("select", { class: "select", "aria-label": "Deliveries of" }, SYSTEMS.map(option));
  const kind = h("select", { class: "select", "aria-label": "What happens to it", on: { change: showDelay } }, KINDS.map(option));
  const event = h("input", { class: "input", "aria-label": "Only events with", placeholder: "every event" });
  const times = h("input", { class: "input small", type: "number", min: 1, value: 1, "aria-label": "How many", placeholder: "all" });
  const delay = h("input", { class: "input small", type: "number", min: 0.1, step: 0.1, value: 5, "aria-label": "Seconds late" });
  const late = h("label", { class: "inline" }, "by", delay, "s");
  const form = h("form", { class: "orders-form", on: { submit } }, h("span", {}, "The next"), times, "of", system, "with", event, kind, late, h("button", { type: "submit", class: "button primary" }, "Order it"));
  const list = h("ul", { class: "orders" });
  const root = h("div", { class: "orders-bar" }, form, list);
  let shape = null;
  showDelay();

  function showDelay() {
    late.hidden = kind.value !== "delay";
  }

  async function submit(submitted) {
    submitted.preventDefault();
    const order = { system: system.value, kind: kind.value, event: event.value || null, times: times.value ? Number(times.value) : null };
    try {
      await post("/sandbox/deliveries/orders", kind.value === "delay" ? { ...order, delay_s: Number(delay.value) } : order);
    } catch (error) {
      toast(error.message);
    }
    window.dispatchEvent(new Event("refresh"));
  }

  async function refresh() {
    const [orders, held] = await Promise.all([get("/sandbox/deliveries/orders"), get("/sandbox/deliveries/held")]);
    if (JSON.stringify([orders, held]) === shape) return;
    shape = JSON.stringify([orders, held]);
    fill(
      list,
      orders.map((each) => h("li", {}, words(each), actButton("End", () => remove(`/sandbox/deliveries/orders/${each.id}`)))),
      held.length ? h("li", {}, `${held.length} held back: ${held.map((each) => each.event).join(", ")}`, actButton("Release", () => post("/sandbox/deliveries/release"))) : null,
    );
  }

  return { root, refresh };
}

function words({ order, hits, left }) {
  const system = SYSTEMS.find(([name]) => name === order.system)[1];
  const what = KINDS.find(([name]) => name === order.kind)[1];
  const which = order.event ? `${system}, “${order.event}”` : system;
  return h("span", {}, h("strong", {}, which), ` ${what}${order.kind === "delay" ? ` (${order.delay_s} s)` : ""} `, h("span", { class: "quiet" }, left === null ? `${hits} so far, until it is ended` : `${hits} so far, ${left} left`));
}
