"""Client of yoyaku, the appointment backend of a hospital group; messages and stubs are in yoyaku.v1."""
