namespace alice {}
