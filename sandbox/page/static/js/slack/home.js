// The app's Home tab, as one person sees it.

import { post } from "../api.js";
import { fill, h, toast } from "../dom.js";
import { renderBlocks } from "./blocks.js";
import { valuesBelow } from "./controls.js";

/** The pane; `done()` is called after a control was used. */
export function homePane(done) {
  const body = h("div", { class: "home-body", tabindex: "0", role: "region", "aria-label": "Home tab" });
  const root = h("div", { class: "home", hidden: true }, body);
  let shape = null;

  function draw(view, user) {
    const newShape = JSON.stringify([view?.id, view?.hash, user]);
    if (newShape === shape) return;
    shape = newShape;
    if (!view) {
      fill(body, h("p", { class: "empty" }, "Tierline has not published a Home tab for this person."));
      return;
    }
    const blocks = renderBlocks(view.blocks, async (element, blockId, value) => {
      const use = { user, view_id: view.id, action_id: element.action_id, block_id: blockId, value, values: valuesBelow(blocks) };
      await post("/people/slack/click", use).catch((error) => toast(error.message));
      await done();
    });
    fill(body, blocks);
  }

  return { root, draw };
}
