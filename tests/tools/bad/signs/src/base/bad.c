int unsigned_file;
