"""audit/inputs"""
