# The router's service: Node and one bundle. Built on arm64 or by emulation; the CDK builds it when it deploys.
FROM public.ecr.aws/docker/library/node:24-bookworm-slim
WORKDIR /app
COPY package.json rds-ca.pem ./
COPY dist ./dist
# Owned by root, run by the image's own user: it can write nowhere.
USER node
ENV NODE_ENV=production NODE_EXTRA_CA_CERTS=/app/rds-ca.pem
# No shell before it: SIGTERM reaches it.
ENTRYPOINT ["node", "dist/index.js"]
