// The texts of other systems as nodes: Atlassian Document Format, and enough of GitHub's Markdown to read a report.

import { h, link } from "../dom.js";

/** Plain text with its line breaks, and its addresses as links. */
export function plainText(text) {
  const pieces = text.split(/(\[[^\]|\n]+\|https?:[^\]\s]+\]|https?:\/\/[^\s<>)\]]+[^\s<>)\].,;:!?'"])/);
  const nodes = pieces.map((piece, index) => {
    if (index % 2 === 0) return piece;
    const named = /^\[(.+)\|(.+)\]$/.exec(piece);
    return named ? link(named[2], named[1]) : link(piece);
  });
  return h("div", { class: "plain" }, nodes);
}

/** A document in Atlassian Document Format. */
export function adf(document) {
  return h("div", { class: "prose" }, (document?.content ?? []).map(adfNode));
}

const ADF_TAGS = {
  paragraph: "p",
  bulletList: "ul",
  orderedList: "ol",
  listItem: "li",
  blockquote: "blockquote",
  codeBlock: "pre",
  rule: "hr",
  table: "table",
  tableRow: "tr",
  tableHeader: "th",
  tableCell: "td",
};
const ADF_MARKS = { strong: "strong", em: "em", code: "code", strike: "s", underline: "u" };

function adfNode(node) {
  const children = () => (node.content ?? []).map(adfNode);
  switch (node.type) {
    case "text":
      return (node.marks ?? []).reduce((inner, mark) => {
        if (mark.type === "link") return link(mark.attrs.href, inner);
        return ADF_MARKS[mark.type] ? h(ADF_MARKS[mark.type], {}, inner) : inner;
      }, node.text);
    case "heading":
      return h(`h${Math.min(6, 2 + (node.attrs?.level ?? 1))}`, {}, children());
    case "hardBreak":
      return h("br");
    case "mention":
      return h("span", { class: "mention" }, node.attrs?.text ?? "@someone");
    case "inlineCard":
      return link(node.attrs?.url ?? "");
    case "emoji":
      return node.attrs?.text ?? node.attrs?.shortName ?? "";
    case "panel":
      return h("div", { class: `panel ${node.attrs?.panelType ?? ""}` }, children());
    default:
      return ADF_TAGS[node.type] ? h(ADF_TAGS[node.type], {}, children()) : h("div", {}, children());
  }
}

/** Markdown: headings, lists, quotes, fences, tables, emphasis, code, links. HTML comments are left out, as on GitHub. */
export function markdown(text) {
  const lines = text.replace(/\r/g, "").replace(/<!--[\s\S]*?-->/g, "").split("\n");
  const nodes = [];
  let at = 0;
  const takeWhile = (test) => {
    const taken = [];
    while (at < lines.length && test(lines[at])) taken.push(lines[at++]);
    return taken;
  };
  while (at < lines.length) {
    const line = lines[at];
    const heading = /^(#{1,6})\s+(.*)$/.exec(line);
    if (!line.trim()) at += 1;
    else if (heading) {
      nodes.push(h(`h${Math.min(6, heading[1].length + 2)}`, {}, markdownInline(heading[2])));
      at += 1;
    } else if (/^(```|~~~)/.test(line)) {
      at += 1;
      const code = takeWhile((each) => !/^(```|~~~)/.test(each));
      at += 1;
      nodes.push(h("pre", {}, code.join("\n")));
    } else if (/^(---+|\*\*\*+)\s*$/.test(line)) {
      nodes.push(h("hr"));
      at += 1;
    } else if (/^\s*>/.test(line)) {
      nodes.push(h("blockquote", {}, markdown(takeWhile((each) => /^\s*>/.test(each)).map((each) => each.replace(/^\s*>\s?/, "")).join("\n"))));
    } else if (/^\s*([-*+]|\d+[.)])\s/.test(line)) {
      const ordered = /^\s*\d/.test(line);
      const entries = takeWhile((each) => /^\s*([-*+]|\d+[.)])\s/.test(each)).map((each) => each.replace(/^\s*([-*+]|\d+[.)])\s+/, ""));
      nodes.push(h(ordered ? "ol" : "ul", {}, entries.map(listItem)));
    } else if (/^\s*\|/.test(line)) {
      nodes.push(markdownTable(takeWhile((each) => /^\s*\|/.test(each))));
    } else {
      const paragraph = takeWhile((each) => each.trim() && !/^(#{1,6}\s|```|~~~|\s*>|\s*[-*+]\s|\s*\|)/.test(each));
      if (!paragraph.length) paragraph.push(lines[at++]);
      nodes.push(h("p", {}, paragraph.flatMap((each, index) => (index ? [h("br"), markdownInline(each)] : [markdownInline(each)]))));
    }
  }
  return h("div", { class: "prose" }, nodes);
}

function listItem(text) {
  const task = /^\[([ xX])\]\s+(.*)$/.exec(text);
  if (!task) return h("li", {}, markdownInline(text));
  return h("li", { class: "task" }, h("input", { type: "checkbox", checked: task[1] !== " ", disabled: true }), " ", markdownInline(task[2]));
}

function markdownTable(rows) {
  const cells = (row) => row.trim().replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim());
  const [head, divider, ...body] = rows;
  const all = /^[\s|:-]+$/.test(divider ?? "") ? body : rows.slice(1);
  return h(
    "table",
    {},
    h("thead", {}, h("tr", {}, cells(head).map((cell) => h("th", { scope: "col" }, markdownInline(cell))))),
    h("tbody", {}, all.map((row) => h("tr", {}, cells(row).map((cell) => h("td", {}, markdownInline(cell)))))),
  );
}

const INLINE = /(`[^`]+`)|(\*\*[^*]+\*\*)|(~~[^~]+~~)|(?<![\p{L}\p{N}])(_[^_]+_)(?![\p{L}\p{N}])|(\*[^*\s][^*]*\*)|(\[[^\]]+\]\([^)\s]+\))|(https?:\/\/[^\s<>)]+[^\s<>).,;:!?'"])/u;

function markdownInline(text) {
  const found = INLINE.exec(text);
  if (!found) return [text];
  const [whole, code, strong, strike, em, em2, named, url] = found;
  let node;
  if (code) node = h("code", {}, code.slice(1, -1));
  else if (strong) node = h("strong", {}, markdownInline(strong.slice(2, -2)));
  else if (strike) node = h("s", {}, markdownInline(strike.slice(2, -2)));
  else if (em || em2) node = h("em", {}, markdownInline(whole.slice(1, -1)));
  else if (named) {
    const [, label, target] = /^\[(.+)\]\((.+)\)$/.exec(named);
    node = link(target, ...markdownInline(label));
  } else node = link(url);
  return [text.slice(0, found.index), node, ...markdownInline(text.slice(found.index + whole.length))];
}
