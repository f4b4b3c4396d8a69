"""Replies: conversations, answers, what people who want no more SMS see. Above the engine, beside the reports."""
