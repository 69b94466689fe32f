import { createRequire } from 'node:module';

/** What the tests of conformance read of our OpenAPI document. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly schema: JsonSchema;
}

type Content = Readonly<Record<string, { readonly schema: JsonSchema }>>;

export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  /** By type; empty: it takes no body. */
  readonly body: Content;
  /** It takes none at all, too. */
  readonly body_optional: boolean;
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
  /** It has pages. */
  readonly is_list: boolean;
}

export interface ApiDescription {
  readonly operations: readonly Operation[];
  readonly resolved: (schema: JsonSchema) => JsonSchema;
  /** What is wrong with a value; members that are not told of are. Null: nothing. */
  readonly problemsOf: (schema: JsonSchema, value: unknown) => string | null;
}

interface Document {
  readonly paths: Readonly<
    Record<
      string,
      Readonly<
        Record<
          string,
          Pick<Operation, 'responses'> & {
            readonly parameters?: readonly Parameter[];
            readonly requestBody?: { readonly content: Content; readonly required?: boolean };
          }
        >
      >
    >
  >;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
}

type Ajv = { compile(schema: unknown): ((value: unknown) => boolean) & { errors: unknown } };
const require = createRequire(import.meta.url);
const { default: Ajv2020 } = createRequire(require.resolve('fast-json-stringify'))('ajv/dist/2020.js') as {
  default: new (options: object) => Ajv;
};
const REF = '#/components/schemas/';

export function readDescription(text: string): ApiDescription {
  const document = JSON.parse(text) as Document;
  const { schemas } = document.components;
  const resolved = (schema: JsonSchema): JsonSchema =>
    schema.$ref === undefined ? schema : resolved(schemas[schema.$ref.slice(REF.length)] ?? {});

  /** The same schema, but what it does not name is refused; parts of a whole become one. */
  function closed(schema: JsonSchema): JsonSchema {
    if (schema.allOf !== undefined) {
      const parts = schema.allOf.map(resolved).map((part) => (part.allOf === undefined ? part : closed(part)));
      return closed({
        type: 'object',
        properties: Object.assign({}, ...parts.map(({ properties }) => properties)) as Record<string, JsonSchema>,
        required: parts.flatMap(({ required = [] }) => required),
      });
    }
    const { properties, items, anyOf, additionalProperties } = schema;
    return {
      ...schema,
      ...(anyOf === undefined ? {} : { anyOf: anyOf.map(closed) }),
      ...(items === undefined ? {} : { items: closed(items) }),
      ...(properties === undefined
        ? {}
        : {
            properties: Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, closed(one)])),
            additionalProperties: additionalProperties ?? false,
          }),
    };
  }
  const components = {
    schemas: Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, closed(schema)])),
  };
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  const made = new Map<JsonSchema, ReturnType<Ajv['compile']>>();
  return {
    resolved,
    problemsOf(schema, value) {
      const validate = made.get(schema) ?? ajv.compile({ ...closed(schema), components });
      made.set(schema, validate);
      return validate(value) ? null : JSON.stringify(validate.errors);
    },
    operations: Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { parameters = [], requestBody, responses }]) => ({
        method: method.toUpperCase(),
        path,
        parameters,
        body: requestBody?.content ?? {},
        body_optional: requestBody?.required !== true,
        responses,
        is_list: method === 'get' && parameters.some(({ name }) => name === 'cursor'),
      })),
    ),
  };
}
