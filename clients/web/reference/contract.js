/** The OpenAPI file and what the page reads from it. */

/**
 * @typedef {{
 *   $ref?: string, type?: string, format?: string, description?: string, properties?: Record<string, Schema>, required?: string[],
 *   items?: Schema, enum?: string[], not?: {enum: string[]}, const?: string, pattern?: string, minimum?: number, maximum?: number,
 *   minLength?: number, maxLength?: number, minItems?: number, maxItems?: number, allOf?: Schema[], anyOf?: Schema[],
 *   additionalProperties?: Schema,
 * }} Schema
 * @typedef {{name: string, in: string, description: string, required?: boolean, schema: Schema}} Parameter
 * @typedef {{schema: Schema, example?: unknown, examples?: Record<string, {$ref: string}>}} Content
 * @typedef {{description: string, content: Record<string, Content>, headers?: Record<string, {$ref: string}>}} Answer
 * @typedef {{
 *   tags: [string], operationId: string, summary: string, description: string, parameters?: Parameter[], security?: [],
 *   requestBody?: {content: Record<string, Content>}, responses: Record<string, Answer>,
 * }} Operation
 * @typedef {{summary: string, value: {code: number, message: string, details: unknown[]}}} ErrorExample
 * @typedef {{
 *   info: {version: string}, tags: {name: string, description: string}[], paths: Record<string, Record<string, Operation>>,
 *   components: {schemas: Record<string, Schema>, examples: Record<string, ErrorExample>},
 * }} OpenApi
 * @typedef {{verb: string, path: string, operation: Operation, reasons: Map<string, string>, words: string}} Call
 */

export class Contract {
  /** @param {OpenApi} file */
  constructor(file) {
    this.version = file.info.version;
    this.services = file.tags;
    this.errors = file.components.examples;
    this.#schemas = file.components.schemas;
    /** @type {Call[]} */
    this.calls = Object.entries(file.paths).flatMap(([path, verbs]) =>
      Object.entries(verbs).map(([verb, operation]) => this.#call(verb, path, operation)),
    );
    const everywhere = [...(this.calls[0]?.reasons.keys() ?? [])];
    /** The errors that every call may end in, whatever it does. */
    this.common = new Set(everywhere.filter((reason) => this.calls.every((call) => call.reasons.has(reason))));
  }

  /** @type {Record<string, Schema>} */
  #schemas;

  /** A schema in place of a reference to it; what stands beside the reference counts. @param {Schema} schema @returns {Schema} */
  resolved(schema) {
    const found = schema.$ref && this.#schemas[name(schema.$ref)];
    return found ? { ...found, ...schema } : schema;
  }

  /** @param {string} verb @param {string} path @param {Operation} operation @returns {Call} */
  #call(verb, path, operation) {
    /** @type {Call["reasons"]} */
    const reasons = new Map();
    for (const [status, answer] of Object.entries(operation.responses))
      for (const content of Object.values(answer.content))
        for (const reason of Object.keys(content.examples ?? {})) if (!reasons.has(reason)) reasons.set(reason, status);
    const body = Object.values(operation.requestBody?.content ?? {}).map(({ schema }) => this.resolved(schema));
    const fields = body.flatMap(({ properties }) => Object.keys(properties ?? {}));
    const names = [verb, path, operation.operationId, operation.description, ...fields, ...reasons.keys()];
    names.push(...(operation.parameters ?? []).map((parameter) => parameter.name));
    return { verb, path, operation, reasons, words: names.join(" ").toLowerCase() };
  }
}

/** The name of what a reference points to. @param {string} reference */
export function name(reference) {
  return reference.slice(reference.lastIndexOf("/") + 1);
}

/** How a good answer comes: its status, its kind and its content. @param {Operation} operation */
export function success(operation) {
  const [status, answer] = /** @type {[string, Answer]} */ (Object.entries(operation.responses).find(([each]) => each[0] === "2"));
  const [kind, content] = /** @type {[string, Content]} */ (Object.entries(answer.content)[0]);
  return { status, kind, content, headers: Object.keys(answer.headers ?? {}) };
}
