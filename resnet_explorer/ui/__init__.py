"""What pages are made of: document, session, jobs, style, painter, canvas, charts, fields and tables."""
