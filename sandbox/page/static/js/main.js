// The page: which system is shown, and keeping it up to date.

import { get } from "./api.js";
import { fill, h, icon } from "./dom.js";
import { deliveriesPane } from "./systems/deliveries.js";
import { faultsPane } from "./systems/faults.js";
import { githubPane } from "./systems/github.js";
import { jiraPane } from "./systems/jira.js";
import { mailPane } from "./systems/mail.js";
import { pagerdutyPane } from "./systems/pagerduty.js";
import { slackPane } from "./slack/pane.js";

const REFRESH_MS = 1000;
const SYSTEMS = [
  ["slack", "Slack", slackPane],
  ["jira", "Jira", jiraPane],
  ["github", "GitHub", githubPane],
  ["pagerduty", "PagerDuty", pagerdutyPane],
  ["mail", "Mail", mailPane],
  ["faults", "Faults", faultsPane],
  ["deliveries", "Deliveries", deliveriesPane],
];

const main = document.getElementById("main");
const tabs = document.querySelector(".tabs");
const panes = new Map();
const badges = new Map();
let current = null;
let refreshing = false;

function buildTabs() {
  for (const [name, title] of SYSTEMS) {
    const badge = h("span", { class: "badge", hidden: true });
    badges.set(name, badge);
    const tab = h("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": "main", on: { click: () => go(name) } }, icon(name), h("span", {}, title), badge);
    tabs.append(tab);
  }
  tabs.addEventListener("keydown", moveBetweenTabs);
  main.setAttribute("role", "tabpanel");
}

function moveBetweenTabs(event) {
  const steps = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };
  if (!(event.key in steps)) return;
  const all = [...tabs.children];
  const next = all[(all.indexOf(document.activeElement) + steps[event.key] + all.length) % all.length];
  next.focus();
  next.click();
  event.preventDefault();
}

function go(name) {
  const pane = panes.get(name);
  location.hash = pane?.lastPlace ? `${name}/${pane.lastPlace}` : name;
}

function route() {
  const [wanted, ...rest] = location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  const [name, title, create] = SYSTEMS.find(([each]) => each === wanted) ?? SYSTEMS[0];
  if (!panes.has(name)) panes.set(name, create());
  const pane = panes.get(name);
  pane.lastPlace = rest.map(encodeURIComponent).join("/");
  if (current !== pane) fill(main, pane.root);
  current = pane;
  main.setAttribute("aria-labelledby", `tab-${name}`);
  for (const tab of tabs.children) {
    const selected = tab.id === `tab-${name}`;
    tab.setAttribute("aria-selected", String(selected));
    tab.tabIndex = selected ? 0 : -1;
  }
  document.title = `${title} · Tierline sandbox`;
  pane.show(rest);
  refresh();
}

async function refresh() {
  if (refreshing || document.hidden) return;
  refreshing = true;
  try {
    await Promise.all([current.refresh(), refreshBadges()]);
    document.body.classList.remove("offline");
  } catch (error) {
    // A fetch that fails is a TypeError: the sandbox is gone. Other errors are ours and belong on the console.
    document.body.classList.toggle("offline", error instanceof TypeError);
    if (!(error instanceof TypeError)) console.error(error);
  } finally {
    refreshing = false;
  }
}

async function refreshBadges() {
  const counts = await get("/people/overview");
  for (const [name, badge] of badges) {
    badge.hidden = !counts[name];
    const text = counts[name] > 99 ? "99+" : String(counts[name] ?? "");
    if (badge.textContent !== text) badge.textContent = text;
  }
}

buildTabs();
window.addEventListener("hashchange", route);
window.addEventListener("refresh", refresh);
document.addEventListener("visibilitychange", refresh);
setInterval(refresh, REFRESH_MS);
route();
