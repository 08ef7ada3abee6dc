/** Draws fields: those of a query, of a body, of an answer. */

import { make } from "../shared/elements.js";
import { name } from "./contract.js";
import { folded, inline, prose } from "./prose.js";

/** @import { Contract, Parameter, Schema } from "./contract.js" */

/**
 * A schema's fields, each with type, rules and comment.
 * @param {Contract} contract
 * @param {Schema} schema
 * @param {string} required what is said of those that are always there
 * @returns {HTMLElement}
 */
export function fields(contract, schema, required) {
  const whole = contract.resolved(schema);
  const rows = Object.entries(whole.properties ?? {}).map(([field, each]) =>
    row(contract, field, each, whole.required?.includes(field) === true, required),
  );
  return rows.length ? make("ul", { class: "fields" }, ...rows) : make("p", {}, "No fields.");
}

/** Parameters of one place, such as the path. @param {Contract} contract @param {Parameter[]} parameters */
export function parameters(contract, parameters) {
  const rows = parameters.map((each) =>
    row(contract, each.name, { ...each.schema, description: each.description }, each.required === true, "required"),
  );
  return make("ul", { class: "fields" }, ...rows);
}

/** @param {Contract} contract @param {string} field @param {Schema} schema @param {boolean} always @param {string} required */
function row(contract, field, schema, always, required) {
  const whole = contract.resolved(schema);
  const inner = whole.type === "array" ? contract.resolved(whole.items ?? {}) : whole;
  const bounds = rules(whole === inner ? whole : { ...inner, ...whole });
  return make(
    "li",
    {},
    make("code", { class: "name" }, field),
    make("span", { class: "type" }, typeOf(contract, schema)),
    always && make("span", { class: "required" }, required),
    schema.description && prose(schema.description),
    bounds && make("p", { class: "rules" }, ...inline(bounds)),
    inside(contract, inner, required),
  );
}

/** What is inside a field: values, or fields. @param {Contract} contract @param {Schema} schema @param {string} required @returns {Node | null} */
function inside(contract, schema, required) {
  if (schema.enum) {
    const values = schema.enum.filter((value) => !schema.not?.enum.includes(value));
    const meanings = schema.$ref && contract.resolved({ $ref: schema.$ref }).description;
    const listed = meanings ? prose(meanings) : make("p", {}, ...values.flatMap((value) => [make("code", {}, value), " "]));
    return folded(`${values.length} values`, () => [listed]);
  }
  if (!schema.properties) return null;
  return folded(`fields of ${schema.$ref ? name(schema.$ref) : "each"}`, () => [fields(contract, schema, required)]);
}

/** @param {Contract} contract @param {Schema} schema @returns {string} */
function typeOf(contract, schema) {
  const whole = contract.resolved(schema);
  if (whole.type === "array") return `list of ${typeOf(contract, whole.items ?? {})}`;
  if (whole.additionalProperties) return `map to ${typeOf(contract, whole.additionalProperties)}`;
  if (schema.$ref) return name(schema.$ref);
  return whole.format ?? whole.type ?? "any";
}

/** Bounds and patterns, in words. @param {Schema} schema */
function rules({ minLength, maxLength, minimum, maximum, minItems, maxItems, pattern }) {
  const told = [
    range(minLength, maxLength, "characters"),
    maximum === 4294967295 ? "" : range(minimum, maximum, ""),
    range(minItems, maxItems, "items"),
    pattern ? `matches \`${pattern}\`` : "",
  ];
  return told.filter(Boolean).join(", ");
}

/** @param {number | undefined} least @param {number | undefined} most @param {string} what */
function range(least, most, what) {
  if (most === undefined) return least ? `at least ${least} ${what}`.trim() : "";
  return (least === undefined ? `at most ${most} ${what}` : `${least} to ${most} ${what}`).trim();
}
