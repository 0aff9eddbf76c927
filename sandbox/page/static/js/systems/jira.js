// Jira: the board of the project, and one issue.

import { get, post } from "../api.js";
import { avatar, h, link } from "../dom.js";
import { moment } from "../time.js";
import { actButton, writeForm } from "./acting.js";
import { masterDetail } from "./master.js";
import { adf, plainText } from "./richtext.js";

const ACTOR = "ada";
const STATUSES = [["To Do", "new"], ["In Progress", "indeterminate"], ["Done", "done"]];
const PROJECTS = ["PAY", "PLAT"];

export function jiraPane() {
  return masterDetail({
    name: "jira",
    title: "Payments board",
    actor: "Project PAY. You act as Ada (engineering).",
    load: () => get("/people/jira/issues"),
    idOf: (issue) => issue.key,
    row: card,
    detail,
    actionsKey: (issue) => JSON.stringify([issue.status, issue.project, issue.fix_versions]),
    empty: "No issue has been opened yet. Escalate a ticket to L3 and it appears here.",
    arrange: board,
  });
}

function board(issues, entry) {
  return h(
    "div",
    { class: "board" },
    STATUSES.map(([status]) => {
      const here = issues.filter((issue) => issue.status === status);
      return h("section", { class: "column", "aria-label": status }, h("h2", {}, status, h("span", { class: "count" }, here.length)), here.map(entry));
    }),
  );
}

function card(issue) {
  return [
    h("span", { class: "card-title" }, issue.summary),
    issue.labels.length ? h("span", { class: "labels" }, issue.labels.map((label) => h("span", { class: "label" }, label))) : null,
    h(
      "span",
      { class: "card-foot" },
      h("span", { class: `type ${issue.issue_type.toLowerCase()}` }, issue.issue_type),
      h("span", { class: "key" }, issue.key),
      h("span", { class: `priority ${issue.priority.toLowerCase()}` }, issue.priority),
      issue.comments.length ? h("span", { class: "quiet" }, `💬 ${issue.comments.length}`) : null,
    ),
  ];
}

function detail(issue, refresh) {
  const act = (what, body) => () => post(`/people/jira/issues/${issue.key}/${what}`, { user: ACTOR, ...body });
  const text = (document, plain) => (document ? adf(document) : plainText(plain));
  return {
    content: [
      h("p", { class: "eyebrow" }, issue.key, " · ", issue.issue_type),
      h("h2", { class: "detail-title" }, issue.summary),
      h("p", {}, h("span", { class: `lozenge ${issue.status_category}` }, issue.status), h("span", { class: "labels" }, issue.labels.map((label) => h("span", { class: "label" }, label)))),
      h(
        "dl",
        { class: "facts" },
        fact("Priority", issue.priority),
        fact("Reporter", issue.reporter),
        fact("Assignee", issue.assignee ?? "Unassigned"),
        fact("Created", moment(issue.created)),
        fact("Updated", moment(issue.updated)),
        issue.fix_versions.length ? fact("Fix version", issue.fix_versions.map((each) => `${each.name}${each.released ? " (released)" : ""}`).join(", ")) : null,
        issue.duplicate_of.length ? fact("Duplicates", issue.duplicate_of.join(", ")) : null,
        issue.attachments.length ? fact("Files", issue.attachments.map((each) => each.name).join(", ")) : null,
      ),
      h("h3", {}, "Description"),
      issue.description ? text(issue.description_document, issue.description) : h("p", { class: "quiet" }, "No description."),
      issue.links?.length ? [h("h3", {}, "Links"), h("ul", { class: "links" }, issue.links.map((each) => h("li", {}, link(each.url, each.title))))] : null,
      h("h3", {}, `Comments (${issue.comments.length})`),
      h("ol", { class: "comments" }, issue.comments.map((comment) => commentNode(comment.author, comment.created, text(comment.document, comment.text)))),
    ],
    actions: [
      h("div", { class: "buttons", role: "group", "aria-label": "Move the issue" }, h("span", { class: "quiet" }, "Move to"), STATUSES.filter(([status]) => status !== issue.status).map(([status, kind]) => actButton(status, act("transition", { to: status }), kind === "done" ? "primary" : ""))),
      h(
        "div",
        { class: "buttons", role: "group", "aria-label": "Change where it belongs" },
        PROJECTS.filter((project) => project !== issue.project).map((project) => actButton(`To project ${project}`, act("move", { project }), "")),
        issue.fix_versions.filter((each) => !each.released).map((each) => actButton(`Release ${each.name}`, () => post("/people/jira/versions/release", { name: each.name, project: issue.project }), "")),
      ),
      writeForm("Comment as Ada", "Comment", (words) => post(`/people/jira/issues/${issue.key}/comment`, { user: ACTOR, text: words })),
    ],
  };
}

/** One name and value of a thing. */
export function fact(name, value) {
  return h("div", {}, h("dt", {}, name), h("dd", {}, value));
}

/** One comment. */
export function commentNode(author, at, body) {
  return h("li", { class: "comment" }, avatar(author, "small"), h("div", {}, h("p", { class: "comment-head" }, h("strong", {}, author), h("time", {}, moment(at))), body));
}
