"""The edge box: `control` decides and writes, `gateway` keeps and sends; a socket between them."""
