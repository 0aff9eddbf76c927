// Slack's mrkdwn, rendered as nodes. https://docs.slack.dev/messaging/formatting-message-text

import { h, link } from "../dom.js";
import { withEmoji } from "../emoji.js";
import { slackDate } from "../time.js";
import { directory } from "./directory.js";

const WRAPS = { "*": "strong", _: "em", "~": "s" };

/** A text object (`plain_text` or `mrkdwn`) as nodes. */
export function textObject(object) {
  if (!object) return [];
  return object.type === "plain_text" ? plain(object.text, object.emoji !== false) : mrkdwn(object.text);
}

/** Plain text, with emoji names replaced if wanted; line breaks stay. */
export function plain(text, emoji = true) {
  return lines(unescape(emoji ? withEmoji(text) : text));
}

/** mrkdwn as nodes. */
export function mrkdwn(text) {
  const nodes = [];
  text.split(/```/).forEach((part, index, parts) => {
    const fenced = index % 2 === 1 && index < parts.length - 1;
    if (fenced) nodes.push(h("pre", {}, preformatted(part.replace(/^\n|\n$/g, ""))));
    else if (index % 2 === 1) nodes.push(...paragraphs("```" + part));
    else if (part) nodes.push(...paragraphs(index > 0 ? part.replace(/^\n/, "") : part));
  });
  return nodes;
}

function paragraphs(text) {
  const nodes = [];
  let quote = null;
  text.split("\n").forEach((line, index) => {
    const quoted = /^(&gt;|>)\s?/.exec(line);
    if (quoted) {
      if (quote) quote.append(h("br"));
      else nodes.push((quote = h("blockquote")));
      quote.append(...inline(line.slice(quoted[0].length)));
      return;
    }
    if (index > 0 && !quote) nodes.push(h("br"));
    quote = null;
    nodes.push(...inline(line));
  });
  return nodes;
}

/** One line of mrkdwn. */
function inline(text) {
  const nodes = [];
  let pending = "";
  const flush = () => {
    if (pending) nodes.push(...autolinked(pending));
    pending = "";
  };
  for (let at = 0; at < text.length; ) {
    const sign = text[at];
    const end = sign === "<" ? text.indexOf(">", at + 1) : sign === "`" ? text.indexOf("`", at + 1) : -1;
    if (end > at + 1) {
      flush();
      const inside = text.slice(at + 1, end);
      nodes.push(sign === "<" ? entity(inside) : h("code", {}, preformatted(inside)));
      at = end + 1;
      continue;
    }
    const close = WRAPS[sign] && opens(text, at) ? closing(text, at) : -1;
    if (close > 0) {
      flush();
      nodes.push(h(WRAPS[sign], {}, inline(text.slice(at + 1, close))));
      at = close + 1;
      continue;
    }
    pending += sign;
    at += 1;
  }
  flush();
  return nodes;
}

function opens(text, at) {
  return !/[\p{L}\p{N}]/u.test(text[at - 1] ?? " ") && /\S/.test(text[at + 1] ?? " ") && text[at + 1] !== text[at];
}

function closing(text, open) {
  const sign = text[open];
  for (let at = open + 1; at < text.length; at += 1) {
    if (text[at] === "<" || text[at] === "`") {
      const end = text.indexOf(text[at] === "<" ? ">" : "`", at + 1);
      if (end > 0) at = end;
    } else if (text[at] === sign && /\S/.test(text[at - 1]) && !/[\p{L}\p{N}]/u.test(text[at + 1] ?? " ")) {
      return at;
    }
  }
  return -1;
}

/** What stands between angle brackets: a link, a mention, a date. */
function entity(inside) {
  const [target, ...rest] = inside.split("|");
  const label = rest.join("|");
  if (target.startsWith("@")) return h("span", { class: "mention" }, `@${directory.userName(target.slice(1), label)}`);
  if (target.startsWith("#")) return channelMention(target.slice(1), label);
  if (target.startsWith("!date^")) return date(target, label);
  if (target.startsWith("!subteam^")) {
    return h("span", { class: "mention" }, `@${directory.groupHandle(target.slice(9), label.replace(/^@/, ""))}`);
  }
  if (target.startsWith("!")) return h("span", { class: "mention loud" }, `@${label || target.slice(1)}`);
  // What is no address stays as it was written: it is somebody's text in angle brackets.
  if (!/^(https?:|mailto:|tel:)/i.test(target)) return h("span", {}, `<${unescape(inside)}>`);
  return link(unescape(target), ...plain(label || target.replace(/^mailto:/, "")));
}

function channelMention(id, label) {
  const name = directory.channelName(id, label);
  return h("a", { class: "mention", href: `#slack/${encodeURIComponent(id)}` }, `#${name}`);
}

function date(target, fallback) {
  const [, seconds, format, url] = target.split("^");
  const shown = /^\d+$/.test(seconds ?? "") && format ? slackDate(Number(seconds), format) : unescape(fallback);
  const time = h("time", { title: unescape(fallback), class: "date" }, shown);
  return url ? link(unescape(url), time) : time;
}

function autolinked(text) {
  return withEmoji(unescape(text))
    .split(/(https?:\/\/[^\s<>|]+[^\s<>|.,;:!?)'"])/)
    .map((part, index) => (index % 2 ? link(part) : document.createTextNode(part)));
}

function preformatted(text) {
  return unescape(text.replace(/<([^>|]+)\|([^>]*)>/g, "$2").replace(/<([^>]+)>/g, "$1"));
}

function lines(text) {
  return text.split("\n").flatMap((line, index) => (index ? [h("br"), line] : [line]));
}

function unescape(text) {
  return text.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");
}
