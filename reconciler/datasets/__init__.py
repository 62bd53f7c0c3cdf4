"""Chat data from where it lies to the two files that a fine-tuning job reads.

Below `kinds`, above `cloud`: knows files, the Hugging Face hub and blobs, nothing of specs.
`source rows -> checked rows -> train.jsonl + test.jsonl -> blobs`, always as a stream.
"""
