// Reads an AsyncAPI document from standard input; prints what the official parser holds against it, one line each.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const { Parser } = createRequire(process.cwd() + "/")("@asyncapi/parser");
const { document, diagnostics } = await new Parser().parse(readFileSync(0, "utf-8"));
for (const { severity, path, message } of diagnostics) {
  console.log(`${["error", "warning", "information", "hint"][severity]} ${path.join(".")}: ${message}`);
}
if (document) console.error(`${document.channels().all().length} channels, ${document.allMessages().length} messages`);
