// PagerDuty: the incidents, who is on call, and who was woken.

import { fill, h } from "../dom.js";
import { incidentsView } from "./incidents.js";
import { notifiedView } from "./notified.js";
import { onCallView } from "./oncall.js";

const VIEWS = [["incidents", "Incidents", incidentsView], ["on-call", "On call", onCallView], ["notified", "Who was woken", notifiedView]];

export function pagerdutyPane() {
  const links = VIEWS.map(([name, title]) => h("a", { href: name === "incidents" ? "#pagerduty" : `#pagerduty/${name}` }, title));
  const body = h("div", { class: "view" });
  const root = h("section", { class: "views" }, h("nav", { class: "view-links", "aria-label": "PagerDuty" }, links), body);
  const made = new Map();
  let current = null;

  function show(parts) {
    const [name, , create] = VIEWS.find(([each]) => each === parts[0]) ?? VIEWS[0];
    if (!made.has(name)) made.set(name, create());
    if (current !== made.get(name)) fill(body, made.get(name).root);
    current = made.get(name);
    VIEWS.forEach(([each], at) => {
      if (each === name) links[at].setAttribute("aria-current", "page");
      else links[at].removeAttribute("aria-current");
    });
    current.show(name === "incidents" ? parts : []);
  }

  return { root, show, refresh: () => current.refresh() };
}
