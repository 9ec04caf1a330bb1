// interface follows
