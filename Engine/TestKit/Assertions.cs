using Xunit;
using Xunit.Sdk;

namespace Akka.TestKit
{
    /// <summary>How the test kit says that something is not as expected.</summary>
    public interface ITestKitAssertions
    {
        void Fail(string format = "", params object[] args);

        void AssertTrue(bool condition, string format = "", params object[] args);

        void AssertFalse(bool condition, string format = "", params object[] args);

        void AssertEqual<T>(T expected, T actual, string format = "", params object[] args);

        void AssertEqual<T>(T expected, T actual, Func<T, T, bool> comparer, string format = "", params object[] args);
    }
}

namespace Akka.TestKit.Xunit2
{
    /// <summary>Assertions of xunit.</summary>
    public class XunitAssertions : ITestKitAssertions
    {
        public void Fail(string format = "", params object[] args) => throw new XunitException(Text(format, args));

        public void AssertTrue(bool condition, string format = "", params object[] args) => Assert.True(condition, Text(format, args));

        public void AssertFalse(bool condition, string format = "", params object[] args) => Assert.False(condition, Text(format, args));

        public void AssertEqual<T>(T expected, T actual, string format = "", params object[] args) =>
            AssertEqual(expected, actual, EqualityComparer<T>.Default.Equals, format, args);

        public void AssertEqual<T>(T expected, T actual, Func<T, T, bool> comparer, string format = "", params object[] args)
        {
            if (!comparer(expected, actual))
                Fail($"Expected {expected}, found {actual}. {Text(format, args)}");
        }

        private static string Text(string format, object[] args) => args.Length == 0 ? format : string.Format(format, args);
    }
}
