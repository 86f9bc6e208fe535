"""How values reach the job: a child process, files, templates, dotenv."""
