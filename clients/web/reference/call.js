/** Draws a call of the API: what it takes, what it answers, how it fails. */

import { make } from "../shared/elements.js";
import { success } from "./contract.js";
import { fields, parameters } from "./fields.js";
import { folded, json, prose } from "./prose.js";

/** @import { Child } from "../shared/elements.js" */
/** @import { Call, Contract } from "./contract.js" */

const PLACES = { path: "In the path", query: "In the query", header: "Headers" };

/** A call, closed. @param {Contract} contract @param {Call} call */
export function drawn(contract, call) {
  const title = make(
    "span",
    { class: "call" },
    make("b", { class: `verb ${call.verb}` }, call.verb.toUpperCase()),
    make("code", { class: "path" }, call.path),
    make("span", { class: "summary" }, make("b", {}, call.operation.operationId), ` ${call.operation.summary}`),
  );
  const fold = folded(title, () => [...asked(contract, call), ...answered(contract, call), ...failed(contract, call)]);
  fold.id = call.operation.operationId;
  return fold;
}

/** @param {Contract} contract @param {Call} call @returns {Child[]} */
function asked(contract, { verb, path, operation }) {
  const body = operation.requestBody?.content["application/json"];
  const places = Object.entries(PLACES).flatMap(([place, heading]) => {
    const found = operation.parameters?.filter((each) => each.in === place) ?? [];
    return found.length ? [make("h4", {}, heading), parameters(contract, found)] : [];
  });
  return [
    prose(operation.description),
    make("p", {}, "gRPC: ", make("code", {}, `yoyaku.v1.${operation.tags[0]}/${operation.operationId}`)),
    operation.security && make("p", {}, operation.security.length ? "Needs no token for what is open to everybody." : "Needs no token."),
    ...places,
    body && make("h4", {}, "Body"),
    body && fields(contract, body.schema, "required"),
    make("h4", {}, "Example"),
    make("pre", { tabindex: "0" }, make("code", {}, curl(verb, path, !operation.security, body?.example))),
  ];
}

/** @param {Contract} contract @param {Call} call @returns {Child[]} */
function answered(contract, { operation }) {
  const { status, kind, content, headers } = success(operation);
  return [
    make("h4", {}, `Answer: ${status}${kind === "text/event-stream" ? ", a stream of server-sent events" : ""}`),
    headers.length > 0 && make("p", {}, `Headers: ${headers.join(", ")}`),
    fields(contract, content.schema, "always set"),
    folded("Example of an answer", () => [json(content.example)]),
  ];
}

/** @param {Contract} contract @param {Call} call @returns {Child[]} */
function failed(contract, { reasons }) {
  const own = [...reasons].filter(([reason]) => !contract.common.has(reason));
  return [
    make("h4", {}, "Errors"),
    ...own.map(([reason, status]) => error(contract, reason, status)),
    make("p", {}, own.length ? "And " : "", make("a", { href: "#errors" }, "those of every call"), "."),
  ];
}

/** A reason and what it means, with an example that opens. @param {Contract} contract @param {string} reason @param {string} status */
export function error(contract, reason, status) {
  const example = contract.errors[reason];
  const title = make(
    "span",
    { class: "error" },
    make("b", {}, status),
    make("code", {}, reason),
    make("span", { class: "summary" }, ...(example ? prose(example.summary).firstElementChild?.childNodes ?? [] : [])),
  );
  return folded(title, () => [json(example?.value)]);
}

/** @param {string} verb @param {string} path @param {boolean} signedIn @param {unknown} body */
function curl(verb, path, signedIn, body) {
  const lines = [`curl${["get", "post"].includes(verb) ? "" : ` -X ${verb.toUpperCase()}`} "$ADDRESS${path}"`];
  if (signedIn) lines.push(`-H "Authorization: Bearer $TOKEN"`);
  if (body) lines.push("-H 'Content-Type: application/json'", `-d '${JSON.stringify(body, null, 2)}'`);
  return lines.join(" \\\n  ");
}
