// Block Kit: blocks as nodes. https://docs.slack.dev/reference/block-kit/blocks

import { h, link } from "../dom.js";
import { EMOJI } from "../emoji.js";
import { slackDate } from "../time.js";
import { chartBlock } from "./charts.js";
import { control } from "./controls.js";
import { directory } from "./directory.js";
import { mrkdwn, plain, textObject } from "./mrkdwn.js";

let serial = 0;

/** The blocks of a message or a modal. `use` is called for controls that act; `form` has errors by block id. */
export function renderBlocks(blocks, use, form = null) {
  return h("div", { class: "blocks" }, blocks.map((block) => renderBlock(block, use, form)));
}

function renderBlock(block, use, form) {
  const render = BLOCKS[block.type];
  return render ? render(block, use, form) : h("div", { class: "block unknown" }, `(a block of type ${block.type})`);
}

const BLOCKS = {
  header: (block) => h("h3", { class: "block block-header" }, textObject(block.text)),
  divider: () => h("hr", { class: "block" }),
  section,
  context: (block) =>
    h("div", { class: "block block-context" }, block.elements.map((each) => (each.type === "image" ? image(each) : h("span", {}, textObject(each))))),
  actions: (block, use) =>
    h("div", { class: "block block-actions" }, block.elements.map((each) => control(each, block.block_id, use))),
  image: (block) =>
    h("figure", { class: "block block-image" }, block.title ? h("figcaption", {}, textObject(block.title)) : null, image(block)),
  input,
  rich_text: (block) => h("div", { class: "block rich" }, block.elements.map(richElement)),
  markdown: (block) => h("div", { class: "block" }, mrkdwn(block.text.replace(/\*\*(.+?)\*\*/g, "*$1*"))),
  table,
  data_table: table,
  data_visualization: chartBlock,
};

function section(block, use) {
  return h(
    "div",
    { class: "block block-section" },
    h(
      "div",
      { class: "section-body" },
      block.text ? h("div", { class: "section-text" }, textObject(block.text)) : null,
      block.fields ? h("div", { class: "fields" }, block.fields.map((field) => h("div", { class: "field" }, textObject(field)))) : null,
    ),
    block.accessory
      ? h("div", { class: "accessory" }, block.accessory.type === "image" ? image(block.accessory) : control(block.accessory, block.block_id, use))
      : null,
  );
}

function image(element) {
  return h("img", { src: element.image_url ?? "", alt: element.alt_text ?? "", loading: "lazy" });
}

function input(block, use, form) {
  const id = `input-${(serial += 1)}`;
  const error = form?.errors?.[block.block_id];
  const labelId = `${id}-label`;
  const group = ["checkboxes", "radio_buttons"].includes(block.element.type);
  const field = control(block.element, block.block_id, use, { inForm: !block.dispatch_action, labelled: true, id, labelId });
  const describedBy = [block.hint ? `${id}-hint` : null, error ? `${id}-error` : null].filter(Boolean).join(" ");
  if (describedBy) field.setAttribute("aria-describedby", describedBy);
  if (error) field.setAttribute("aria-invalid", "true");
  return h(
    "div",
    { class: `block block-input ${error ? "wrong" : ""}` },
    h(group ? "div" : "label", { class: "input-label", id: labelId, for: group ? null : id }, textObject(block.label), block.optional ? h("span", { class: "optional" }, " (optional)") : null),
    field,
    error ? h("p", { class: "input-error", id: `${id}-error`, role: "alert" }, error) : null,
    block.hint ? h("p", { class: "hint", id: `${id}-hint` }, textObject(block.hint)) : null,
  );
}

function table(block) {
  const [head, ...body] = block.rows;
  const cell = (entry) => (entry.type === "rich_text" ? entry.elements.map(richElement) : plain(String(entry.text ?? entry.value ?? "")));
  return h(
    "div",
    { class: "block block-table" },
    h("table", {}, block.caption ? h("caption", {}, block.caption) : null, h("thead", {}, h("tr", {}, head.map((entry) => h("th", { scope: "col" }, cell(entry))))), h("tbody", {}, body.map((row) => h("tr", {}, row.map((entry) => h("td", {}, cell(entry))))))),
  );
}

function richElement(element) {
  const children = () => element.elements.map(richInline);
  switch (element.type) {
    case "rich_text_section":
      return h("div", {}, children());
    case "rich_text_quote":
      return h("blockquote", {}, children());
    case "rich_text_preformatted":
      return h("pre", {}, children());
    case "rich_text_list":
      return h(element.style === "ordered" ? "ol" : "ul", {}, element.elements.map((each) => h("li", {}, richElement(each))));
    default:
      return null;
  }
}

function richInline(element) {
  switch (element.type) {
    case "text":
      return styled(element.style, ...element.text.split("\n").flatMap((line, index) => (index ? [h("br"), line] : [line])));
    case "link":
      return styled(element.style, link(element.url, element.text ?? element.url));
    case "user":
      return h("span", { class: "mention" }, `@${directory.userName(element.user_id)}`);
    case "usergroup":
      return h("span", { class: "mention" }, `@${directory.groupHandle(element.usergroup_id)}`);
    case "channel":
      return h("a", { class: "mention", href: `#slack/${element.channel_id}` }, `#${directory.channelName(element.channel_id)}`);
    case "broadcast":
      return h("span", { class: "mention loud" }, `@${element.range}`);
    case "emoji":
      return EMOJI[element.name] ?? `:${element.name}:`;
    case "date":
      return h("time", { class: "date" }, slackDate(element.timestamp, element.format));
    default:
      return element.text ?? "";
  }
}

function styled(style, ...children) {
  let nodes = children;
  for (const [name, tag] of [["code", "code"], ["bold", "strong"], ["italic", "em"], ["strike", "s"]]) {
    if (style?.[name]) nodes = [h(tag, {}, nodes)];
  }
  return nodes;
}
