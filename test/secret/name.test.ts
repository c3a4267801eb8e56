import { expect, test } from "bun:test";
import { looksSecret, secretValues } from "../../core/secret/name.ts";

test("the name of a variable tells whether its value is secret", () => {
  const secret = [
    ...[
      "GITHUB_TOKEN",
      "TOKEN",
      "NPM_TOKENS",
      "STRIPE_API_KEY",
      "OPENAI_APIKEY",
      "AWS_SECRET_ACCESS_KEY",
    ],
    ...[
      "client_secret",
      "SECRET_KEY_BASE",
      "DB_PASSWORD",
      "PGPASSWORD",
      "MYSQL_PWD",
      "KEY_PASSPHRASE",
    ],
    ...["GOOGLE_CREDENTIALS", "GITLAB_PAT", "SLACK_WEBHOOK_URL", "npm_config__authToken"],
  ];
  const plain = [
    ...[
      "PATH",
      "HOME",
      "PWD",
      "OLDPWD",
      "KEYBOARD",
      "TOKENIZER",
      "MONKEY",
      "AUTHOR",
      "SSH_AUTH_SOCK",
    ],
    ...["LANG", "XAUTHORITY", "AWS_REGION", "PASSIVE"],
  ];

  expect(secret.filter((name) => !looksSecret(name))).toEqual([]);
  expect(plain.filter(looksSecret)).toEqual([]);
});

test("values that are short, common, or name a file are not hidden", () => {
  const variables = {
    A_TOKEN: "true",
    B_TOKEN: "12345",
    C_TOKEN: "Production",
    D_TOKEN: "100000",
    E_TOKEN: "********",
    F_CREDENTIALS: "/home/me/key.json",
    G_TOKEN: " \n ",
    H_TOKEN: undefined,
    NAME: "not-secret-at-all",
  };

  const values = secretValues(variables, { isPath: (value) => value.startsWith("/home/") });

  expect(values).toEqual([]);
});

test("values of secret names, of named variables, and passwords in URLs are hidden", () => {
  const variables = {
    A_TOKEN: "s3cr3t",
    B_PASSWORD: "/K7gNU3sdo+OL0w",
    DEPLOY_CODE: "production",
    PIN: "123",
    https_proxy: "http://me:p%40ssword@proxy:8080/x",
    REDIS_URL: "redis://:hunter2hunter@cache",
    PLAIN_URL: "https://example.org/a:b@c",
  };

  const values = secretValues(variables, { named: ["DEPLOY_CODE", "PIN"] });

  expect(values).toEqual([
    ...["s3cr3t", "/K7gNU3sdo+OL0w", "production", "p%40ssword", "p@ssword", "hunter2hunter"],
  ]);
});
