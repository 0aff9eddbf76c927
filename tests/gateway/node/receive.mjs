// An app of somebody's own, as GitHub's own library makes one: prints its port, and then each delivery whose signature it accepts.
// It ends with its standard input.

import { createServer } from "node:http";
import { createNodeMiddleware, Webhooks } from "@octokit/webhooks";

const webhooks = new Webhooks({ secret: process.env.SECRET });
webhooks.onAny(({ id, name, payload }) => {
  console.log(JSON.stringify({ id, event: name, action: payload.action, title: payload.issue?.title }));
});
webhooks.onError((error) => console.log(JSON.stringify({ refused: error.errors[0].message })));

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const server = createServer(createNodeMiddleware(webhooks, { path: process.env.PATHNAME, log: quiet }));
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ port: server.address().port })));
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
