// GitHub: the issues of the repository, and one of them.

import { get, post } from "../api.js";
import { h } from "../dom.js";
import { moment } from "../time.js";
import { actButton, pickForm, writeForm } from "./acting.js";
import { commentNode, fact } from "./jira.js";
import { masterDetail } from "./master.js";
import { markdown } from "./richtext.js";

const ACTOR = "ada";
const REPOSITORIES = ["acme/storefront", "acme/payments", "acme/storefront-sdk"];

export function githubPane() {
  return masterDetail({
    name: "github",
    title: "Issues",
    actor: "acme/storefront. You act as ada-dev.",
    load: async () => (await get("/people/github/issues")).reverse(),
    idOf: (issue) => `${issue.repository}/${issue.number}`,
    row,
    detail,
    actionsKey: (issue) => [issue.state, issue.assignees],
    empty: "No issue has been opened yet.",
  });
}

function row(issue) {
  return [
    h("span", { class: `state ${stateClass(issue)}`, role: "img", "aria-label": issue.state }),
    h(
      "span",
      { class: "row-main" },
      h("span", { class: "card-title" }, issue.title),
      h("span", { class: "labels" }, issue.labels.map(label)),
      h("span", { class: "quiet" }, `#${issue.number} opened ${moment(issue.created)} by ${issue.user}`, issue.comments.length ? ` · 💬 ${issue.comments.length}` : ""),
    ),
  ];
}

function label(name) {
  return h("span", { class: `label gh-${name.replace(/\W+/g, "-")}` }, name);
}

function stateClass(issue) {
  return issue.state === "open" ? "open" : ["not_planned", "duplicate"].includes(issue.state_reason) ? "not-planned" : "closed";
}

function detail(issue) {
  const path = `/people/github/issues/${issue.repository}/${issue.number}`;
  const act = (what) => () => post(`${path}/${what}`, { user: ACTOR });
  const opened = issue.state === "open";
  return {
    content: [
      h("p", { class: "eyebrow" }, `${issue.repository}#${issue.number}`),
      h("h2", { class: "detail-title" }, issue.title),
      h("p", {}, h("span", { class: `lozenge gh-${stateClass(issue)}` }, opened ? "Open" : `Closed${issue.state_reason ? ` · ${issue.state_reason.replace("_", " ")}` : ""}`), h("span", { class: "labels" }, issue.labels.map(label))),
      h("dl", { class: "facts" }, fact("Opened by", issue.user), fact("Assignees", issue.assignees.length ? issue.assignees.join(", ") : "No one"), fact("Milestone", issue.milestone ?? "None"), fact("Created", moment(issue.created)), fact("Updated", moment(issue.updated))),
      h("ol", { class: "comments boxed" }, commentNode(issue.user, issue.created, markdown(issue.body)), issue.comments.map((comment) => commentNode(comment.author, comment.created, markdown(comment.text)))),
    ],
    actions: [
      h(
        "div",
        { class: "buttons", role: "group", "aria-label": "Change the issue" },
        opened ? actButton("Close issue", act("close"), "primary") : actButton("Reopen issue", act("reopen")),
        issue.assignees.includes("ada-dev") ? null : actButton("Assign yourself", act("assign")),
      ),
      more(issue, path, opened),
      writeForm("Comment as ada-dev", "Comment", (text) => post(`${path}/comment`, { user: ACTOR, text })),
    ],
  };
}

/** What is done seldom: plan, release, close as a duplicate, transfer, delete. */
function more(issue, path, opened) {
  const act = (what, details) => post(`${path}/${what}`, { user: ACTOR, ...details });
  const others = REPOSITORIES.filter((name) => name !== issue.repository).map((name) => [name, name]);
  return h(
    "details",
    { class: "more" },
    h("summary", {}, "More"),
    writeForm("Milestone", "Set milestone", (title) => act("milestone", { title }), 1),
    writeForm(`Release of ${issue.repository}`, "Publish release", (tag) => post(`/people/github/repositories/${issue.repository}/releases`, { user: ACTOR, tag }), 1),
    opened ? writeForm("Duplicate of issue", "Close as duplicate", (number) => act("close", { duplicate_of: number.replace(/^#/, "") }), 1) : null,
    pickForm("Another repository", others, "Transfer issue", (to) => act("transfer", { to })),
    actButton("Delete issue", () => act("delete")),
  );
}
